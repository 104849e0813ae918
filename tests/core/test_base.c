/* test_base.c: status, mem, rng and par, against what their headers promise. */
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "test.h"

#include <stdlib.h>

static void every_status_has_a_sentence(void) {
    for (int s = STATUS_OK; s <= STATUS_BAD_DATA; s++) {
        const char *message = status_message((status)s);
        CHECK(message != NULL && strlen(message) > 3);
        for (int other = STATUS_OK; other < s; other++) {
            CHECK(strcmp(message, status_message((status)other)) != 0);
        }
    }
    CHECK(status_message((status)99) != NULL);
}

static void sizes_never_wrap(void) {
    size_t out;
    CHECK(mem_mul(&out, 3, 5) && out == 15);
    CHECK(mem_mul(&out, 0, SIZE_MAX) && out == 0);
    CHECK(!mem_mul(&out, SIZE_MAX / 2, 3) && out == SIZE_MAX);
    CHECK(!mem_mul(&out, SIZE_MAX, 1) && out == SIZE_MAX);
    CHECK(mem_add(&out, 3, 5) && out == 8);
    CHECK(!mem_add(&out, SIZE_MAX - 1, 2) && out == SIZE_MAX);
    CHECK(!mem_add(&out, SIZE_MAX, 0) && out == SIZE_MAX);
    mem_layout l = {NULL, 0};
    mem_part(&l, SIZE_MAX / 2, 8);
    CHECK(l.size == SIZE_MAX);
    mem_part(&l, 1, 1);
    CHECK(l.size == SIZE_MAX);
    CHECK(mem_alloc(SIZE_MAX) == NULL);
}

static void blocks_are_zeroed_aligned_and_counted(void) {
    const size_t   before = mem_in_use();
    unsigned char *a = mem_alloc(1000);
    unsigned char *b = mem_alloc(0);
    CHECK(a != NULL && b != NULL);
    CHECK((uintptr_t)a % MEM_ALIGN == 0);
    CHECK(mem_in_use() == before + 1000);
    for (int i = 0; i < 1000; i++) {
        CHECK(a[i] == 0);
        a[i] = (unsigned char)i;
    }
    unsigned char *c = mem_realloc(a, 3000);
    CHECK(c != NULL && c[999] == (unsigned char)999 && c[1000] == 0 && c[2999] == 0);
    CHECK(mem_in_use() == before + 3000);
    CHECK(mem_peak() >= before + 3000);
    mem_free(c);
    mem_free(b);
    mem_free(NULL);
    CHECK(mem_in_use() == before);
}

static void the_hook_fails_the_nth_allocation(void) {
    mem_fail_nth(2, false);
    void *a = mem_alloc(8);
    void *b = mem_alloc(8);
    void *c = mem_alloc(8);
    CHECK(a != NULL && b == NULL && c != NULL);
    mem_fail_nth(1, true);
    CHECK(mem_alloc(8) == NULL && mem_alloc(8) == NULL);
    CHECK(mem_realloc(a, 100) == NULL);
    mem_fail_nth(0, false);
    void *d = mem_realloc(a, 100);
    CHECK(d != NULL);
    mem_free(c);
    mem_free(d);
}

static void addresses_decide_and_differ(void) {
    CHECK(rng_u32(1, RNG_INIT, 2, 3) == rng_u32(1, RNG_INIT, 2, 3));
    CHECK(rng_u32(1, RNG_INIT, 2, 3) != rng_u32(2, RNG_INIT, 2, 3));
    CHECK(rng_u32(1, RNG_INIT, 2, 3) != rng_u32(1, RNG_NOISE, 2, 3));
    CHECK(rng_u32(1, RNG_INIT, 2, 3) != rng_u32(1, RNG_INIT, 3, 2));
}

/* Chi-squared of 256 equal cells for the top and the bottom byte: within 6 standard deviations. */
static void bits_are_uniform(void) {
    enum { DRAWS = 1 << 18 };
    static uint32_t top[256];
    static uint32_t bottom[256];
    memset(top, 0, sizeof top);
    memset(bottom, 0, sizeof bottom);
    for (uint32_t i = 0; i < DRAWS; i++) {
        const uint32_t u = rng_u32(5, RNG_SAMPLE, i >> 8, i & 255u);
        top[u >> 24]++;
        bottom[u & 255u]++;
    }
    double       chi_top = 0;
    double       chi_bottom = 0;
    const double expected = DRAWS / 256.0;
    for (int i = 0; i < 256; i++) {
        chi_top += (top[i] - expected) * (top[i] - expected) / expected;
        chi_bottom += (bottom[i] - expected) * (bottom[i] - expected) / expected;
    }
    CHECK_NEAR(chi_top, 255.0, 6 * 22.6);
    CHECK_NEAR(chi_bottom, 255.0, 6 * 22.6);
}

static void normals_have_the_normal_moments(void) {
    enum { DRAWS = 1 << 17 };
    double sum[4] = {0};
    for (uint32_t i = 0; i < DRAWS; i++) {
        const double x = (double)rng_normal(3, RNG_NOISE, 0, i);
        CHECK(isfinite(x));
        sum[0] += x;
        sum[1] += x * x;
        sum[2] += x * x * x;
        sum[3] += x * x * x * x;
    }
    const double root = sqrt((double)DRAWS);
    CHECK_NEAR(sum[0] / DRAWS, 0, 5 / root);
    CHECK_NEAR(sum[1] / DRAWS, 1, 5 * sqrt(2.0) / root);
    CHECK_NEAR(sum[2] / DRAWS, 0, 5 * sqrt(15.0) / root);
    CHECK_NEAR(sum[3] / DRAWS, 3, 5 * sqrt(96.0) / root);
}

static void uniform_and_below_stay_inside(void) {
    double sum = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        const float u = rng_uniform(1, RNG_SAMPLE, 0, i);
        CHECK(u >= 0.0f && u < 1.0f);
        sum += (double)u;
        CHECK(rng_below(1, RNG_SAMPLE, 1, i, 7) < 7);
    }
    CHECK_NEAR(sum / 100000, 0.5, 0.005);
    CHECK(rng_below(1, RNG_SAMPLE, 1, 0, 1) == 0);
}

/* Every value once, for awkward sizes, and two permutations agree only as often as chance would. */
static void permutations_are_permutations(void) {
    const uint32_t sizes[] = {1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 4097, 70000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const uint32_t        n = sizes[s];
        unsigned char        *seen = calloc(n, 1);
        const rng_permutation p = rng_permutation_of(1, RNG_SHUFFLE, 0, n);
        const rng_permutation q = rng_permutation_of(1, RNG_SHUFFLE, 1, n);
        uint32_t              same = 0;
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t to = rng_permute(&p, i);
            CHECK(to < n && !seen[to]);
            seen[to < n ? to : 0] = 1;
            same += to == rng_permute(&q, i) ? 1u : 0u;
        }
        if (n >= 1000) {
            CHECK(same < 12); /* Poisson with mean 1 */
        }
        free(seen);
    }
}

/* The image of row 0 over many permutations of 5 is uniform: small sets are shuffled too. */
static void small_permutations_are_fair(void) {
    uint32_t count[5] = {0};
    for (uint32_t i = 0; i < 20000; i++) {
        const rng_permutation p = rng_permutation_of(1, RNG_SHUFFLE, i, 5);
        count[rng_permute(&p, 0)]++;
    }
    for (int i = 0; i < 5; i++) {
        CHECK_NEAR(count[i], 4000, 6 * 57);
    }
}

static void square(void *ctx, uint32_t block) {
    uint32_t *out = ctx;
    out[block] += block * block;
}

static void par_runs_every_block_once(void) {
    static uint32_t out[1000];
    for (uint32_t threads = 1; threads <= 5; threads += 2) {
        par_set_threads(threads);
        CHECK(par_threads() >= 1 && par_threads() <= threads);
        for (int round = 0; round < 200; round++) {
            memset(out, 0, sizeof out);
            const uint32_t n = (uint32_t)(round * 5) % 1000u;
            par_for(n, square, out);
            for (uint32_t i = 0; i < 1000; i++) {
                CHECK(out[i] == (i < n ? i * i : 0));
            }
        }
    }
    par_set_threads(1);
}

TESTS({"every status has a sentence", every_status_has_a_sentence},
      {"sizes never wrap", sizes_never_wrap},
      {"blocks are zeroed, aligned and counted", blocks_are_zeroed_aligned_and_counted},
      {"the hook fails the nth allocation", the_hook_fails_the_nth_allocation},
      {"addresses decide and differ", addresses_decide_and_differ},
      {"bits are uniform", bits_are_uniform},
      {"normals have the normal moments", normals_have_the_normal_moments},
      {"uniform and below stay inside", uniform_and_below_stay_inside},
      {"permutations are permutations", permutations_are_permutations},
      {"small permutations are fair", small_permutations_are_fair},
      {"par_for runs every block once, for any number of threads", par_runs_every_block_once})
