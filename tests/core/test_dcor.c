/* Distance correlation against its definition by double centring, numbers from elsewhere, and what the header
 * promises of similarities, scales, slices and data that have no value. */
#include "base/mem.h"
#include "base/rng.h"
#include "measure/dcor.h"
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>

#define M      60u
#define D      7u
#define STRIDE 8u

static float    data[M * STRIDE];
static float    points[M * 2];
static uint32_t ids[1000];

static matrix floats(const float *values, uint32_t n, uint32_t d, size_t stride) {
    return (matrix){.data = values, .dtype = MATRIX_F32, .n = n, .d = d, .stride = stride};
}

/* Rows whose first two numbers are their points, bent, and five that have nothing to do with them. */
static matrix rows_and_points(void) {
    for (uint32_t i = 0; i < M; i++) {
        const float u = rng_uniform(1, RNG_SYNTHETIC, i, 0);
        const float v = rng_uniform(1, RNG_SYNTHETIC, i, 1);
        points[i * 2] = u;
        points[i * 2 + 1] = v;
        for (uint32_t j = 0; j < D; j++) {
            const float noise = 0.4f * rng_uniform(1, RNG_SYNTHETIC, i, 2 + j);
            data[i * STRIDE + j] = j == 0 ? u + u * v : j == 1 ? v * v - 3.0f : noise;
        }
    }
    return floats(data, M, D, STRIDE);
}

static const uint32_t *first(uint32_t m) {
    for (uint32_t i = 0; i < m; i++) {
        ids[i] = i;
    }
    return ids;
}

static double run(const matrix *x, const float *positions, const uint32_t *rows, uint32_t m,
                  uint32_t units) {
    dcor *c;
    CHECK_STATUS(dcor_new(&c, x, positions, rows, m), STATUS_OK);
    while (!dcor_done(c)) {
        dcor_step(c, units);
    }
    dcor_step(c, units);
    const double value = dcor_value(c);
    dcor_free(c);
    return value;
}

/* The definition: distance matrices, doubly centred. */
static void centre(double *a, const float *p, uint32_t stride, uint32_t d, uint32_t m) {
    double *mean = calloc(m, sizeof *mean);
    double  all = 0.0;
    for (uint32_t k = 0; k < m; k++) {
        for (uint32_t l = 0; l < m; l++) {
            double sum = 0.0;
            for (uint32_t j = 0; j < d; j++) {
                const double e = (double)p[k * stride + j] - (double)p[l * stride + j];
                sum += e * e;
            }
            a[k * m + l] = sqrt(sum);
            mean[k] += sqrt(sum) / m;
        }
        all += mean[k] / m;
    }
    for (uint32_t k = 0; k < m; k++) {
        for (uint32_t l = 0; l < m; l++) {
            a[k * m + l] += all - mean[k] - mean[l];
        }
    }
    free(mean);
}

static double mean_product(const double *a, const double *b, uint32_t m) {
    double sum = 0.0;
    for (uint32_t i = 0; i < m * m; i++) {
        sum += a[i] * b[i];
    }
    return sum / ((double)m * m);
}

static double by_definition(const float *x, uint32_t stride, uint32_t d, const float *positions,
                            uint32_t m) {
    double *a = calloc((size_t)m * m, sizeof *a);
    double *b = calloc((size_t)m * m, sizeof *b);
    centre(a, x, stride, d, m);
    centre(b, positions, 2, 2, m);
    const double variances = mean_product(a, a, m) * mean_product(b, b, m);
    const double value = sqrt(mean_product(a, b, m) / sqrt(variances));
    free(a);
    free(b);
    return value;
}

static void equals_the_definition(void) {
    const matrix x = rows_and_points();
    const double value = run(&x, points, first(M), M, 3);
    CHECK_NEAR(value, by_definition(data, STRIDE, D, points, M), 1e-6);
    CHECK(value > 0.5 && value < 0.99);
    for (uint32_t m = 3; m < 12; m++) {
        CHECK_NEAR(run(&x, points, ids, m, 1), by_definition(data, STRIDE, D, points, m), 1e-6);
    }
}

/* By hand: centred distances (-4 0 4; 0 -2 2; 4 2 -6) / 3 and (-2 4 -2; 4 -8 4; -2 4 -2) / 9, so that the
 * squared value is (4/27) / sqrt(32/27 * 16/81) = sqrt(6) / 8. */
static void equals_a_sum_done_by_hand(void) {
    static const float rows[] = {0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0};
    static const float at[] = {0, 0, 1, 0, 0, 0};
    const matrix       x = floats(rows, 3, 1, 4);
    CHECK_NEAR(run(&x, at, first(3), 3, 1), sqrt(sqrt(6.0) / 8.0), 1e-7);
}

/* 1 2 3 4 5 with 1 2 9 4 4: 0.762676242417, as in public examples of other implementations. */
static void equals_a_published_example(void) {
    static const float rows[] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0};
    static const float at[] = {1, 7, 2, 7, 9, 7, 4, 7, 4, 7};
    const matrix       x = floats(rows, 5, 1, 4);
    CHECK_NEAR(run(&x, at, first(5), 5, 1), 0.762676242417, 1e-7);
}

/* Points turned, mirrored, scaled and shifted: any distances in one proportion. */
static void similar_points(float *to, double angle, double scale, bool mirrored) {
    for (uint32_t i = 0; i < M; i++) {
        const double u = (double)points[i * 2];
        const double v = (double)points[i * 2 + 1] * (mirrored ? -1.0 : 1.0);
        to[i * 2] = (float)(scale * (cos(angle) * u - sin(angle) * v) + 2.0);
        to[i * 2 + 1] = (float)(scale * (sin(angle) * u + cos(angle) * v) - 1.0);
    }
}

static void a_similarity_is_worth_one(void) {
    rows_and_points();
    static float flat[M * 4];
    for (uint32_t i = 0; i < M; i++) {
        memcpy(flat + (size_t)i * 4, points + (size_t)i * 2, 2 * sizeof(float));
    }
    const matrix x = floats(flat, M, 2, 4);
    CHECK_NEAR(run(&x, points, first(M), M, 1), 1.0, 1e-12);
    float to[M * 2];
    for (uint32_t i = 0; i < 8; i++) {
        similar_points(to, 0.7 * i, 0.2 + i, i % 2 == 1);
        const double value = run(&x, to, ids, M, 1);
        CHECK_NEAR(value, 1.0, 1e-6);
        CHECK(value <= 1.0);
    }
}

static void turning_a_map_changes_nothing(void) {
    const matrix x = rows_and_points();
    const double value = run(&x, points, first(M), M, 1);
    float        to[M * 2];
    similar_points(to, 1.0, 30.0, true);
    CHECK_NEAR(run(&x, to, ids, M, 1), value, 1e-6);
    /* Nor does the order of the rows, with their points. */
    float    other[M * 2];
    uint32_t order[M];
    for (uint32_t i = 0; i < M; i++) {
        order[i] = i * 7 % M;
        memcpy(other + (size_t)i * 2, points + (size_t)order[i] * 2, 2 * sizeof(float));
    }
    CHECK_NEAR(run(&x, other, order, M, 1), value, 1e-12);
    CHECK(fabs(run(&x, other, ids, M, 1) - value) > 0.1); /* points of other rows */
}

/* Numbers whose squares no float holds: the value is that of the same numbers at a common size. */
static void huge_and_tiny_numbers_keep_their_value(void) {
    const matrix x = rows_and_points();
    const double value = run(&x, points, first(M), M, 1);
    static float other[M * STRIDE];
    float        at[M * 2];
    for (int up = 0; up < 2; up++) {
        for (uint32_t i = 0; i < M * STRIDE; i++) {
            other[i] = data[i] * (up ? 0x1p100f : 0x1p-100f);
        }
        for (uint32_t i = 0; i < M * 2; i++) {
            at[i] = points[i] * (up ? 0x1p-90f : 0x1p90f);
        }
        const matrix y = floats(other, M, D, STRIDE);
        const double same = run(&y, at, ids, M, 1);
        CHECK_BITS(&same, &value, sizeof value);
    }
}

static void what_is_unrelated_falls_with_the_number_of_rows(void) {
    static float rows[1000 * 4];
    static float at[1000 * 2];
    for (uint32_t i = 0; i < 1000; i++) {
        for (uint32_t j = 0; j < 4; j++) {
            rows[i * 4 + j] = rng_normal(3, RNG_SYNTHETIC, i, j);
            at[i * 2 + j % 2] = rng_normal(4, RNG_SYNTHETIC, i, j);
        }
    }
    const matrix x = floats(rows, 1000, 4, 4);
    const double few = run(&x, at, first(1000), 50, 1);
    const double many = run(&x, at, ids, 1000, 1);
    CHECK(few < 0.5);
    CHECK_NEAR(few / many, sqrt(1000.0 / 50.0),
               1.0); /* m dCov^2 of independent data keeps its size */
}

/* Rows of an image: large enough for several units of loading and of measuring. */
static void slices_and_bytes_give_the_same_bits(void) {
    enum { IMAGES = 120, PIXELS = 60001 };
    uint8_t *bytes = malloc((size_t)IMAGES * PIXELS);
    float   *values = malloc((size_t)IMAGES * (PIXELS + 3) * sizeof *values);
    float   *scale = malloc(PIXELS * sizeof *scale);
    float    at[IMAGES * 2];
    for (uint32_t i = 0; i < IMAGES; i++) {
        for (uint32_t j = 0; j < PIXELS; j++) {
            const uint8_t b = (uint8_t)((i * 37 + j * (i % 5 + 1)) % 251);
            bytes[(size_t)i * PIXELS + j] = b;
            scale[j] = 1.0f / 255.0f;
            values[(size_t)i * (PIXELS + 3) + j] = (float)b * scale[j];
        }
        at[i * 2] = (float)(i % 5);
        at[i * 2 + 1] = (float)(i * 37 % 251);
    }
    const matrix x = floats(values, IMAGES, PIXELS, PIXELS + 3);
    const matrix y = {bytes, MATRIX_U8, IMAGES, PIXELS, PIXELS, scale, NULL};
    const double once = run(&x, at, first(IMAGES), IMAGES, 1000000);
    const double sliced = run(&x, at, ids, IMAGES, 1);
    const double of_bytes = run(&y, at, ids, IMAGES, 7);
    CHECK_BITS(&once, &sliced, sizeof once);
    CHECK_BITS(&once, &of_bytes, sizeof once);
    CHECK(once > 0.0 && once <= 1.0);
    dcor *c;
    CHECK_STATUS(dcor_new(&c, &y, at, ids, IMAGES), STATUS_OK);
    uint32_t steps = 0;
    for (; !dcor_done(c); steps++) {
        dcor_step(c, 1);
    }
    CHECK(steps > 100 && steps < 1000); /* 430 million numbers, some four million a unit */
    dcor_free(c);
    free(bytes);
    free(values);
    free(scale);
}

static void some_data_have_no_value(void) {
    const matrix x = rows_and_points();
    CHECK(isnan(run(&x, points, first(M), 0, 1)));
    CHECK(isnan(run(&x, points, ids, 2, 1)));
    CHECK(!isnan(run(&x, points, ids, 3, 1)));
    const uint32_t     same_row[] = {5, 5, 5, 5};
    static const float zero[M * 2] = {0};
    float              still[M * 2];
    for (uint32_t i = 0; i < M * 2; i++) {
        still[i] = 0.1f;
    }
    CHECK(isnan(run(&x, points, same_row, 4, 1)));
    CHECK(isnan(run(&x, still, ids, M, 1)));
    CHECK(isnan(run(&x, zero, ids, M, 1)));
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (uint32_t i = 0; i < 3; i++) {
        const float kept[] = {points[11], data[9 * STRIDE + 3]};
        points[11] = bad[i];
        CHECK(isnan(run(&x, points, ids, M, 1)));
        points[11] = kept[0];
        data[9 * STRIDE + 3] = bad[i];
        CHECK(isnan(run(&x, points, ids, M, 1)));
        data[9 * STRIDE + 3] = kept[1];
    }
    CHECK(!isnan(run(&x, points, ids, M, 1)));
}

static void says_what_it_claims_and_what_is_wrong(void) {
    const matrix x = rows_and_points();
    const size_t before = mem_in_use();
    dcor        *c;
    CHECK_STATUS(dcor_new(&c, &x, points, first(M), M), STATUS_OK);
    CHECK(mem_in_use() - before == dcor_bytes(D, M));
    dcor_step(c, 1); /* given up half-way */
    dcor_free(c);
    CHECK(mem_in_use() == before);
    const uint32_t past[] = {0, 1, M};
    CHECK_STATUS(dcor_new(&c, &x, points, past, 3), STATUS_BAD_SHAPE);
    CHECK(c == NULL);
    mem_fail_nth(1, false);
    CHECK_STATUS(dcor_new(&c, &x, points, ids, M), STATUS_NO_MEMORY);
    mem_fail_nth(0, false);
    CHECK(c == NULL && mem_in_use() == before);
    dcor_free(NULL);
}

TESTS({"equals the definition by double centring", equals_the_definition},
      {"equals a sum done by hand", equals_a_sum_done_by_hand},
      {"equals a published example", equals_a_published_example},
      {"a similarity is worth one", a_similarity_is_worth_one},
      {"turning a map changes nothing", turning_a_map_changes_nothing},
      {"huge and tiny numbers keep their value", huge_and_tiny_numbers_keep_their_value},
      {"what is unrelated falls with the number of rows",
       what_is_unrelated_falls_with_the_number_of_rows},
      {"slices and bytes give the same bits", slices_and_bytes_give_the_same_bits},
      {"some data have no value", some_data_have_no_value},
      {"says what it claims and what is wrong", says_what_it_claims_and_what_is_wrong})
