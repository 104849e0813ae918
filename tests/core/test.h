/* test.h: the whole harness. A file defines static void tests and ends with TESTS(...). */
#ifndef TEST_H
#define TEST_H

#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int         test_failures;
static const char *test_skip_reason;

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            printf("  %s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            test_failures++;                                                   \
        }                                                                      \
    } while (0)

#define CHECK_NEAR(a, b, tolerance)                                                              \
    do {                                                                                         \
        const double test_a_ = (double)(a);                                                      \
        const double test_b_ = (double)(b);                                                      \
        if (!(fabs(test_a_ - test_b_) <= (double)(tolerance))) {                                 \
            printf("  %s:%d: %s = %.9g, %s = %.9g, further apart than %g\n", __FILE__, __LINE__, \
                   #a, test_a_, #b, test_b_, (double)(tolerance));                               \
            test_failures++;                                                                     \
        }                                                                                        \
    } while (0)

#define CHECK_BITS(a, b, bytes)                                                              \
    do {                                                                                     \
        if (memcmp((a), (b), (bytes)) != 0) {                                                \
            printf("  %s:%d: %s and %s differ in their bits\n", __FILE__, __LINE__, #a, #b); \
            test_failures++;                                                                 \
        }                                                                                    \
    } while (0)

#define CHECK_STATUS(expression, wanted)                                                  \
    do {                                                                                  \
        const status test_s_ = (expression);                                              \
        if (test_s_ != (wanted)) {                                                        \
            printf("  %s:%d: %s gave %d (%s), not %s\n", __FILE__, __LINE__, #expression, \
                   (int)test_s_, status_message(test_s_), #wanted);                       \
            test_failures++;                                                              \
        }                                                                                 \
    } while (0)

/* Leaves the test as skipped; the reason is printed and counted, never as passed. */
#define SKIP(reason)               \
    do {                           \
        test_skip_reason = reason; \
        return;                    \
    } while (0)

typedef struct {
    const char *name;
    void (*run)(void);
} test_case;

/* Runs the tests, or only those whose name contains argv[1]. */
static int test_main(const test_case *tests, size_t n, int argc, char **argv) {
    int passed = 0;
    int failed = 0;
    int skipped = 0;
    for (size_t i = 0; i < n; i++) {
        if (argc > 1 && strstr(tests[i].name, argv[1]) == NULL) {
            continue;
        }
        test_failures = 0;
        test_skip_reason = NULL;
        tests[i].run();
        if (test_failures > 0) {
            failed++;
            printf("FAILED %s\n", tests[i].name);
        } else if (test_skip_reason != NULL) {
            skipped++;
            printf("skipped %s: %s\n", tests[i].name, test_skip_reason);
        } else {
            passed++;
            printf("ok %s\n", tests[i].name);
        }
        fflush(stdout);
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed > 0 ? 1 : 0;
}

#define TESTS(...)                                                           \
    int main(int argc, char **argv) {                                        \
        static const test_case tests[] = {__VA_ARGS__};                      \
        return test_main(tests, sizeof tests / sizeof tests[0], argc, argv); \
    }

#endif
