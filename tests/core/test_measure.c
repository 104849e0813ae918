/* Rows by chance, and what a set of rows differs in: exact counts and fair draws, effect sizes against plain
 * arithmetic, and the bits that the wasm build is held to (tests/wasm/measure.test.ts). */
#include "base/mem.h"
#include "base/rng.h"
#include "base/rowbits.h"
#include "measure/dcor.h"
#include "measure/moments.h"
#include "measure/procrustes.h"
#include "measure/select.h"
#include "test.h"

#include <stdlib.h>

/* ---------------------------------------------------------------- rows by chance */

#define MOST_ROWS 100000u

static uint32_t bits[MOST_ROWS / 32u + 1u]; /* and a word past the last */

static uint32_t count_bits(const uint32_t *set, uint32_t words) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < words * 32u; i++) {
        n += rowbits_has(set, i) ? 1u : 0u;
    }
    return n;
}

static void random_rows_are_as_many_as_asked_for(void) {
    const uint32_t sizes[] = {0, 1, 5, 31, 32, 33, 1000, MOST_ROWS};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint32_t n = sizes[i];
        const uint32_t counts[] = {0, 1, n / 3, n / 2, n - (n > 0), n, n + 1, UINT32_MAX};
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            memset(bits, 0xFF, sizeof bits); /* every word is written, and none past the last */
            select_random(n, counts[j], 7, bits);
            CHECK(count_bits(bits, rowbits_words(n)) == (counts[j] < n ? counts[j] : n));
            CHECK(bits[rowbits_words(n)] == UINT32_MAX);
        }
    }
}

static void random_rows_are_those_of_the_permutation(void) {
    enum { ROWS = 1000, COUNT = 123 };
    const rng_permutation p = rng_permutation_of(42, RNG_SELECT, 0, ROWS);
    uint32_t              more[ROWS / 32 + 1];
    select_random(ROWS, COUNT, 42, bits);
    select_random(ROWS, COUNT + 50, 42, more);
    for (uint32_t row = 0; row < ROWS; row++) {
        CHECK(rowbits_has(bits, row) == (rng_permute(&p, row) < COUNT));
        CHECK(!rowbits_has(bits, row) || rowbits_has(more, row));
    }
    select_random(ROWS, COUNT, 43, more);
    CHECK(memcmp(bits, more, sizeof more) != 0);
}

/* Chi-squared of equal shares, its mean and sd known: within six of them. */
static void check_fair(const uint32_t *count, uint32_t cells, double expected, double freedom) {
    double chi = 0.0;
    for (uint32_t i = 0; i < cells; i++) {
        chi += (count[i] - expected) * (count[i] - expected) / expected;
    }
    CHECK_NEAR(chi, freedom, 6.0 * sqrt(2.0 * freedom));
}

/* Over many seeds each row, and each pair of rows, is drawn as often as any other. Without replacement the
 * counts vary by (1 - share) as much as independent ones would. */
static void random_rows_are_fair(void) {
    enum { ROWS = 20, COUNT = 5, SEEDS = 20000 };
    uint32_t of_row[ROWS] = {0};
    uint32_t of_pair[ROWS * ROWS] = {0};
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        select_random(ROWS, COUNT, seed, bits);
        for (uint32_t i = 0; i < ROWS; i++) {
            of_row[i] += rowbits_has(bits, i) ? 1u : 0u;
            for (uint32_t j = 0; j < i; j++) {
                of_pair[i * ROWS + j] += rowbits_has(bits, i) && rowbits_has(bits, j) ? 1u : 0u;
            }
        }
    }
    check_fair(of_row, ROWS, SEEDS * (double)COUNT / ROWS, (ROWS - 1) * 0.79);
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t j = 0; j < i; j++) {
            const double expected = SEEDS * (5.0 * 4.0) / (20.0 * 19.0);
            CHECK_NEAR(of_pair[i * ROWS + j], expected, 6.0 * sqrt(expected));
        }
    }
}

static void a_sample_is_the_set_or_exactly_so_many_of_it(void) {
    enum { ROWS = 5000 };
    uint32_t       rows[ROWS];
    const uint32_t sizes[] = {0, 1, 2, 700, ROWS};
    const uint32_t mosts[] = {0, 1, 699, 700, ROWS};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        select_random(ROWS, sizes[i], 3, bits);
        for (size_t j = 0; j < sizeof mosts / sizeof mosts[0]; j++) {
            rows[0] = ROWS;
            const uint32_t wanted = sizes[i] < mosts[j] ? sizes[i] : mosts[j];
            CHECK(select_sample(bits, ROWS, mosts[j], 9, rows) == wanted);
            for (uint32_t k = 0; k < wanted; k++) {
                CHECK(rows[k] < ROWS && rowbits_has(bits, rows[k]));
                CHECK(k == 0 || rows[k] > rows[k - 1]);
            }
        }
    }
}

static void a_sample_is_fair_and_seeded(void) {
    enum { ROWS = 600, MEMBERS = 20, MOST = 6, SEEDS = 20000 };
    uint32_t count[MEMBERS] = {0};
    uint32_t rows[MOST];
    uint32_t again[MOST];
    memset(bits, 0, sizeof bits);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        rowbits_add(bits, i * 29 + 7);
    }
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        CHECK(select_sample(bits, ROWS, MOST, seed, rows) == MOST);
        for (uint32_t k = 0; k < MOST; k++) {
            count[(rows[k] - 7) / 29]++;
        }
    }
    check_fair(count, MEMBERS, SEEDS * (double)MOST / MEMBERS, (MEMBERS - 1) * 0.74);
    select_sample(bits, ROWS, MOST, SEEDS - 1, again);
    CHECK_BITS(rows, again, sizeof rows);
}

/* ---------------------------------------------------------------- moments */

#define N      300u
#define D      11u
#define STRIDE 12u

static float data[N * STRIDE];

typedef struct {
    double mean[D], rest[D], effect[D];
} summary;

static matrix floats(const float *values, uint32_t n, uint32_t d, size_t stride) {
    return (matrix){.data = values, .dtype = MATRIX_F32, .n = n, .d = d, .stride = stride};
}

static matrix random_rows(void) {
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < D; j++) {
            data[i * STRIDE + j] = rng_normal(5, RNG_SYNTHETIC, i, j) * (float)(j + 1) +
                                   (i % 3 == 0 ? 0.5f * (float)j : 0.0f);
        }
    }
    memset(bits, 0, sizeof bits);
    for (uint32_t i = 0; i < N; i++) {
        if (i % 3 == 0 || i % 7 == 0) {
            rowbits_add(bits, i);
        }
    }
    return floats(data, N, D, STRIDE);
}

static uint32_t run(const matrix *x, uint32_t units, double *mean, double *rest, double *effect) {
    moments *m;
    CHECK_STATUS(moments_new(&m, x, bits), STATUS_OK);
    while (!moments_done(m)) {
        moments_step(m, units);
    }
    moments_step(m, units);
    moments_read(m, mean, rest, effect);
    const uint32_t n = moments_count(m);
    moments_free(m);
    return n;
}

/* Mean, and sum of squares about it, of feature j of one side, in long double about a value near it. */
static uint32_t side_of(const float *values, uint32_t n, size_t stride, uint32_t j, bool selected,
                        double out[2]) {
    const long double near = (long double)values[j];
    long double       sum = 0.0L;
    long double       square = 0.0L;
    uint32_t          count = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (rowbits_has(bits, i) == selected) {
            sum += (long double)values[i * stride + j] - near;
            count++;
        }
    }
    const long double mean = sum / count;
    for (uint32_t i = 0; i < n; i++) {
        if (rowbits_has(bits, i) == selected) {
            const long double e = (long double)values[i * stride + j] - near - mean;
            square += e * e;
        }
    }
    out[0] = (double)(near + mean);
    out[1] = (double)square;
    return count;
}

/* The definition of the header, with variances by n - 1. */
static void check_against_definition(const matrix *x, double tolerance) {
    summary        got;
    const uint32_t n = run(x, 1, got.mean, got.rest, got.effect);
    for (uint32_t j = 0; j < x->d; j++) {
        double         s[2];
        double         r[2];
        const uint32_t n_s = side_of(x->data, x->n, x->stride, j, true, s);
        const uint32_t n_r = side_of(x->data, x->n, x->stride, j, false, r);
        const double   var_s = s[1] / (n_s - 1);
        const double   var_r = r[1] / (n_r - 1);
        const double   pooled = ((n_s - 1) * var_s + (n_r - 1) * var_r) / (n_s + n_r - 2);
        CHECK(n == n_s && n + n_r == x->n);
        CHECK_NEAR(got.mean[j], s[0], tolerance * (1.0 + fabs(s[0])));
        CHECK_NEAR(got.rest[j], r[0], tolerance * (1.0 + fabs(r[0])));
        CHECK_NEAR(got.effect[j], (s[0] - r[0]) / sqrt(pooled), tolerance);
    }
}

static void moments_equal_their_definition(void) {
    const matrix x = random_rows();
    check_against_definition(&x, 1e-12);
}

/* 1 2 3 beside 4 6 8: means 2 and 6, variances 1 and 4, pooled 2.5. */
static void moments_equal_a_sum_done_by_hand(void) {
    static const float values[] = {1, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0,
                                   6, 0, 0, 0, 3, 0, 0, 0, 8, 0, 0, 0};
    const matrix       x = floats(values, 6, 1, 4);
    summary            got;
    bits[0] = 0x15;
    CHECK(run(&x, 1, got.mean, got.rest, got.effect) == 3);
    CHECK_NEAR(got.mean[0], 2.0, 1e-15);
    CHECK_NEAR(got.rest[0], 6.0, 1e-15);
    CHECK_NEAR(got.effect[0], -4.0 / sqrt(2.5), 1e-15);
}

static void a_large_offset_costs_no_digits(void) {
    enum { ROWS = MOST_ROWS };
    float *values = malloc((size_t)ROWS * 4 * sizeof *values);
    memset(bits, 0, sizeof bits);
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t j = 0; j < 4; j++) {
            /* Standard deviation 1; sixteenths, which floats of this size hold. The first row lies far
             * from all others. */
            const float z = rng_normal(1, RNG_SYNTHETIC, i, j) + (i < 30000 ? 0.25f : 0.0f);
            const float offset = j == 0 ? 1e6f : j == 1 ? -1e6f : 0.0f;
            values[i * 4 + j] = offset + (float)(int32_t)(z * 16.0f) / 16.0f + (i == 0 ? 1e4f : 0);
        }
        if (i < 30000) {
            rowbits_add(bits, i);
        }
    }
    const matrix x = floats(values, ROWS, 4, 4);
    check_against_definition(&x, 1e-10);
    free(values);
}

static void some_features_have_no_effect_size(void) {
    enum { ROWS = 1000 };
    static float values[ROWS * 4];
    double       mean[4];
    double       rest[4];
    double       effect[4];
    memset(bits, 0, sizeof bits);
    for (uint32_t i = 0; i < ROWS; i++) {
        const bool in = i % 3 == 1;
        values[i * 4] = 0.1f; /* the same everywhere, and in no sum exactly */
        values[i * 4 + 1] = in ? 0.7f : 0.1f;
        values[i * 4 + 2] = in ? 0.0f : 1.0f;
        values[i * 4 + 3] = (float)(i % 5);
        if (in) {
            rowbits_add(bits, i);
        }
    }
    const matrix x = floats(values, ROWS, 4, 4);
    CHECK(run(&x, 1, mean, rest, effect) == 333);
    CHECK(isnan(effect[0]) && effect[1] == (double)INFINITY && effect[2] == -(double)INFINITY);
    CHECK(isfinite(effect[3]) && mean[2] == 0.0 && rest[2] == 1.0);
    for (int all = 0; all < 2; all++) {
        memset(bits, all ? 0xFF : 0, sizeof bits);
        CHECK(run(&x, 1, mean, rest, effect) == (all ? ROWS : 0));
        for (uint32_t j = 0; j < 4; j++) {
            CHECK(isnan(effect[j]) && isnan(mean[j]) == !all && isnan(rest[j]) == (all != 0));
        }
    }
    /* One row beside one has no variance; one beside two has. */
    bits[0] = 1;
    const matrix two = floats(values, 2, 4, 4);
    CHECK(run(&two, 1, mean, rest, effect) == 1);
    CHECK(isnan(effect[3]) && rest[3] == 1.0);
    const matrix three = floats(values, 3, 4, 4);
    CHECK(run(&three, 1, mean, rest, effect) == 1);
    CHECK_NEAR(effect[3], -1.5 / sqrt(0.5), 1e-12);
}

static void slices_and_bytes_give_the_same_moments(void) {
    enum { IMAGES = 9000, PIXELS = 700 };
    uint8_t *bytes = malloc((size_t)IMAGES * PIXELS);
    double  *out = malloc((size_t)PIXELS * 3 * 3 * sizeof *out);
    float    scale[PIXELS];
    memset(bits, 0, sizeof bits);
    for (uint32_t i = 0; i < IMAGES; i++) {
        for (uint32_t j = 0; j < PIXELS; j++) {
            bytes[(size_t)i * PIXELS + j] = (uint8_t)(j == 3 ? 9 : (i * 37 + j * (i % 5)) % 251);
            scale[j] = 1.0f / 255.0f;
        }
        if (i % 4 == 0) {
            rowbits_add(bits, i);
        }
    }
    const matrix   x = {bytes, MATRIX_U8, IMAGES, PIXELS, PIXELS, scale, NULL};
    const uint32_t units[] = {1, 3, 1000000};
    for (uint32_t u = 0; u < 3; u++) {
        double *at = out + (size_t)u * 3 * PIXELS;
        CHECK(run(&x, units[u], at, at + PIXELS, at + (size_t)2 * PIXELS) == IMAGES / 4);
        CHECK(isnan(at[2 * PIXELS + 3]));
        CHECK_BITS(at, out, (size_t)3 * PIXELS * sizeof *out);
    }
    moments *m;
    uint32_t steps = 0;
    CHECK_STATUS(moments_new(&m, &x, bits), STATUS_OK);
    for (; !moments_done(m); steps++) {
        moments_step(m, 1);
    }
    CHECK(steps == 14); /* 6.3 million values twice, some million a unit */
    moments_free(m);
    free(bytes);
    free(out);
}

static void moments_claim_what_they_say(void) {
    const matrix x = random_rows();
    const size_t before = mem_in_use();
    moments     *m;
    CHECK_STATUS(moments_new(&m, &x, bits), STATUS_OK);
    CHECK(mem_in_use() - before == moments_bytes(N, D));
    moments_free(m); /* given up before its first step */
    mem_fail_nth(1, false);
    CHECK_STATUS(moments_new(&m, &x, bits), STATUS_NO_MEMORY);
    mem_fail_nth(0, false);
    CHECK(m == NULL && mem_in_use() == before);
    moments_free(NULL);
}

/* ---------------------------------------------------------------- the same bits everywhere */

/* Multiples of 1/512, made from integers as tests/wasm/measure.test.ts makes them. */
static void integer_rows(float *x, float *from, float *to) {
    uint32_t state = 12345;
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < D; j++) {
            state = state * 1664525u + 1013904223u;
            x[i * STRIDE + j] = (float)((state >> 16) % 256u + (i % 3u) * 16u * (j % 4u)) / 512.0f;
        }
        const float *row = x + (size_t)i * STRIDE;
        from[i * 2] = row[0] + row[1];
        from[i * 2 + 1] = row[2];
        to[i * 2] = row[1] + row[2];
        to[i * 2 + 1] = row[3] + row[0];
    }
}

static void the_bits_that_wasm_is_held_to(void) {
    static float        from[N * 2];
    static float        to[N * 2];
    static const double aligned[6] = {0.32368508417446962, 0.71479947891345408,
                                      0.71479947891345408, -0.32368508417446962,
                                      0.20096713708902081, 0.30858591445831229};
    double              t[6];
    float               at[200];
    uint32_t            rows[100];
    summary             s;
    integer_rows(data, from, to);
    const matrix x = floats(data, N, D, STRIDE);
    select_random(N, 150, 2026, bits);
    CHECK(select_sample(bits, N, 100, 7, rows) == 100);
    procrustes(from, to, N, t);
    run(&x, 1, s.mean, s.rest, s.effect);
    for (uint32_t i = 0; i < 100; i++) {
        memcpy(at + (size_t)i * 2, from + (size_t)rows[i] * 2, 2 * sizeof(float));
    }
    dcor *c;
    CHECK_STATUS(dcor_new(&c, &x, at, rows, 100), STATUS_OK);
    while (!dcor_done(c)) {
        dcor_step(c, 1);
    }
    const double correlation = dcor_value(c);
    dcor_free(c);
    CHECK(bits[0] == 1809964554u && bits[8] == 1450579794u);
    CHECK(rows[0] == 10 && rows[1] == 11 && rows[99] == 298);
    CHECK_BITS(t, aligned, sizeof t);
    CHECK(s.mean[5] == 0.28708333333333336 && s.rest[5] == 0.28539062500000001);
    CHECK(s.effect[5] == 0.012032061884042662);
    CHECK(correlation == 0.65540303911804032);
}

TESTS({"random rows are as many as asked for", random_rows_are_as_many_as_asked_for},
      {"random rows are those of the permutation", random_rows_are_those_of_the_permutation},
      {"random rows are fair", random_rows_are_fair},
      {"a sample is the set, or exactly so many of it",
       a_sample_is_the_set_or_exactly_so_many_of_it},
      {"a sample is fair and seeded", a_sample_is_fair_and_seeded},
      {"moments equal their definition", moments_equal_their_definition},
      {"moments equal a sum done by hand", moments_equal_a_sum_done_by_hand},
      {"a large offset costs no digits", a_large_offset_costs_no_digits},
      {"some features have no effect size", some_features_have_no_effect_size},
      {"slices and bytes give the same moments", slices_and_bytes_give_the_same_moments},
      {"moments claim what they say", moments_claim_what_they_say},
      {"the bits that wasm is held to", the_bits_that_wasm_is_held_to})
