/* Made sets have the shapes that their header states, and the same rows however they are asked for. */
#include "base/mem.h"
#include "table/features.h"
#include "table/synthetic.h"
#include "test.h"

#include <stdbool.h>

static status make(table **out, uint32_t kind, uint32_t n, uint32_t seed, uint32_t rows) {
    synthetic *s;
    *out = NULL;
    TRY(synthetic_new(&s, kind, n, seed));
    status done = STATUS_OK;
    while (done == STATUS_OK && !synthetic_done(s)) {
        done = synthetic_step(s, rows);
    }
    if (done == STATUS_OK) {
        *out = synthetic_take(s);
        done = table_settle(*out, 100);
    }
    synthetic_free(s);
    if (done != STATUS_OK) {
        table_free(*out);
        *out = NULL;
    }
    return done;
}

static table *made(uint32_t kind, uint32_t n, uint32_t seed) {
    table *t;
    CHECK_STATUS(make(&t, kind, n, seed, 1000), STATUS_OK);
    return t;
}

static void swiss_roll(void) {
    table *t = made(SYNTHETIC_SWISS_ROLL, 500, 1);
    CHECK(table_rows(t) == 500 && table_columns(t) == 4);
    for (uint32_t i = 0; i < 500; i++) {
        const double u = table_number(t, i, 3);
        const double angle = 1.5 * acos(-1.0) * (1.0 + 2.0 * u);
        CHECK(u >= 0.0 && u < 1.0);
        CHECK_NEAR(table_number(t, i, 0), angle * cos(angle), 5e-5);
        CHECK_NEAR(table_number(t, i, 2), angle * sin(angle), 5e-5);
        CHECK(table_number(t, i, 1) >= 0.0 && table_number(t, i, 1) < 21.0);
    }
    table_free(t);
}

static void trefoil(void) {
    table *t = made(SYNTHETIC_TREFOIL, 500, 2);
    for (uint32_t i = 0; i < 500; i++) {
        const double a = 2.0 * acos(-1.0) * table_number(t, i, 3);
        CHECK_NEAR(table_number(t, i, 0), sin(a) + 2.0 * sin(2.0 * a), 0.2);
        CHECK_NEAR(table_number(t, i, 1), cos(a) - 2.0 * cos(2.0 * a), 0.2);
        CHECK_NEAR(table_number(t, i, 2), -sin(3.0 * a), 0.2);
    }
    table_free(t);
}

static void rings(void) {
    table   *t = made(SYNTHETIC_RINGS, 1000, 3);
    uint32_t upright = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        const double   x = table_number(t, i, 0);
        const double   y = table_number(t, i, 1);
        const double   z = table_number(t, i, 2);
        const uint32_t code = table_code(t, i, 3);
        const bool     second = table_word(t, 3, code)[5] == '2';
        upright += second ? 1u : 0u;
        const double off = second ? hypot(x - 1.0, z) : hypot(x, y);
        CHECK_NEAR(off, 1.0, 0.2);
        CHECK_NEAR(second ? y : z, 0.0, 0.2);
    }
    CHECK(upright > 400 && upright < 600);
    table_free(t);
}

static void blobs(void) {
    enum { N = 5000 };
    table       *t = made(SYNTHETIC_BLOBS, N, 4);
    table_column c;
    table_column_info(t, 8, &c);
    CHECK(c.kind == TABLE_CATEGORY && c.distinct == 5 && table_columns(t) == 9);
    for (uint32_t blob = 0; blob < 5; blob++) {
        double sum = 0.0;
        double squares = 0.0;
        double n = 0.0;
        for (uint32_t i = 0; i < N; i++) {
            if (table_code(t, i, 8) == blob) {
                sum += table_number(t, i, 0);
                squares += table_number(t, i, 0) * table_number(t, i, 0);
                n += 1.0;
            }
        }
        CHECK(n > 850.0 && n < 1150.0);
        CHECK(fabs(sum / n) < 10.2);
        CHECK_NEAR(squares / n - (sum / n) * (sum / n), 1.0, 0.2); /* standard deviation 1 */
    }
    table_free(t);
}

static void same_seed_same_rows(void) {
    for (uint32_t kind = 0; kind < 4; kind++) {
        table *a = made(kind, 300, 7);
        table *b;
        table *c = made(kind, 300, 8);
        table *longer = made(kind, 900, 7);
        CHECK_STATUS(make(&b, kind, 300, 7, 1), STATUS_OK);
        uint32_t fa[2];
        uint32_t fb[2];
        uint32_t fc[2];
        table_fingerprint(a, fa);
        table_fingerprint(b, fb);
        table_fingerprint(c, fc);
        CHECK_BITS(fa, fb, sizeof fa);
        CHECK(memcmp(fa, fc, sizeof fa) != 0);
        for (uint32_t i = 0; i < 300; i++) {
            CHECK(table_number(a, i, 0) == table_number(longer, i, 0));
        }
        table_free(a);
        table_free(b);
        table_free(c);
        table_free(longer);
    }
}

/* tests/wasm/table.test.ts holds the same numbers: equal bits in every build. */
static void same_bits_everywhere(void) {
    static const uint64_t tables[] = {0x5cd97e96a12eb98du, 0xbe81431cae356949u, 0x728158be8b91b4e3u,
                                      0x6796a38045bf6edfu};
    static const uint64_t matrices[] = {0xd1aabe4912a8204au, 0x2e2f336ccc938cc1u,
                                        0xb881206b0380e66bu, 0xa25c94e7ef18549cu};
    for (uint32_t kind = 0; kind < 4; kind++) {
        table                *t = made(kind, 1000, 1);
        const uint32_t        columns[] = {0, 1, 2, 3, 4, 5, 6, 7};
        const features_params p = {FEATURES_STANDARD, 0};
        features             *f;
        uint32_t              words[2];
        CHECK_STATUS(features_new(&f, t, &p, columns, kind == SYNTHETIC_BLOBS ? 8 : 3), STATUS_OK);
        CHECK_STATUS(features_step(f, UINT32_MAX), STATUS_OK);
        table_fingerprint(t, words);
        CHECK(((uint64_t)words[1] << 32 | words[0]) == tables[kind]);
        features_fingerprint(f, words);
        CHECK(((uint64_t)words[1] << 32 | words[0]) == matrices[kind]);
        features_free(f);
        table_free(t);
    }
}

static void refusals(void) {
    table *t;
    CHECK_STATUS(make(&t, 4, 10, 1, 10), STATUS_BAD_PARAM);
    CHECK_STATUS(make(&t, 0, 0, 1, 10), STATUS_BAD_PARAM);
    CHECK_STATUS(make(&t, 0, TABLE_MAX_ROWS + 1, 1, 10), STATUS_TOO_LARGE);
    CHECK(t == NULL);
    t = made(SYNTHETIC_BLOBS, 1, 1);
    CHECK(table_rows(t) == 1);
    table_free(t);
}

static void allocations_fail(void) {
    const size_t before = mem_in_use();
    for (int persistent = 0; persistent < 2; persistent++) {
        for (uint32_t nth = 1;; nth++) {
            table *t;
            mem_fail_nth(nth, persistent != 0);
            const status s = make(&t, SYNTHETIC_RINGS, 300, 1, 100);
            mem_fail_nth(0, false);
            if (s == STATUS_OK) {
                CHECK(nth > 10);
                table_free(t);
                break;
            }
            CHECK(s == STATUS_NO_MEMORY && t == NULL);
        }
    }
    CHECK(mem_in_use() == before);
}

TESTS({"swiss roll", swiss_roll}, {"trefoil", trefoil}, {"rings", rings}, {"blobs", blobs},
      {"same seed, same rows", same_seed_same_rows}, {"same bits everywhere", same_bits_everywhere},
      {"refusals", refusals}, {"allocations fail", allocations_fail})
