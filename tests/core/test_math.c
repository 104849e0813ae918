/* test_math.c: fmath against the platform's double-precision libm, and each fast loop against its
 * obvious twin. */
#include "base/mem.h"
#include "base/rng.h"
#include "math/fmath.h"
#include "math/gemm.h"
#include "math/matrix.h"
#include "math/vec.h"
#include "test.h"

#include <float.h>

static double ulps(float got, double want) {
    const float  nearest = (float)want;
    const double gap = (double)nextafterf(fabsf(nearest), FLT_MAX) - (double)fabsf(nearest);
    return fabs((double)got - want) / gap;
}

/* Largest error over a dense sweep of bit patterns in [lo, hi]. */
static double worst(float (*ours)(float), double (*theirs)(double), float lo, float hi) {
    double most = 0;
    for (uint32_t bits = 0; bits < 0xFF000000u; bits += 977) {
        float x;
        memcpy(&x, &bits, sizeof x);
        if (!(x >= lo && x <= hi)) {
            continue;
        }
        const double e = ulps(ours(x), theirs((double)x));
        if (!(e <= most)) {
            most = e;
        }
    }
    return most;
}

static double sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static void errors_are_as_documented(void) {
    const double e_exp = worst(fmath_exp, exp, -87.0f, 88.0f);
    const double e_log_small = worst(fmath_log, log, 0x1p-126f, 0.9f);
    const double e_log_large = worst(fmath_log, log, 1.1f, 3e38f);
    const double e_sigmoid = worst(fmath_sigmoid, sigmoid, -87.0f, 87.0f);
    const double e_tanh = worst(fmath_tanh, tanh, -20.0f, 20.0f);
    printf("  ulp: exp %.2f, log %.2f %.2f, sigmoid %.2f, tanh %.2f\n", e_exp, e_log_small,
           e_log_large, e_sigmoid, e_tanh);
    CHECK(e_exp < 2);
    CHECK(e_log_small < 2);
    CHECK(e_log_large < 2);
    CHECK(e_sigmoid < 4);
    CHECK(e_tanh < 3);
    for (float x = 0.9f; x < 1.1f; x += 1e-5f) {
        CHECK_NEAR(fmath_log(x), log((double)x), 1e-7);
    }
    for (float t = -50.0f; t < 50.0f; t += 0.0137f) {
        CHECK_NEAR(fmath_sin2pi(t), sin(2 * 3.14159265358979323846 * (double)t), 2e-7);
        CHECK_NEAR(fmath_cos2pi(t), cos(2 * 3.14159265358979323846 * (double)t), 2e-7);
    }
}

static void extremes_stay_finite(void) {
    const float xs[] = {0.0f, -0.0f, 1e30f, -1e30f, 3e38f, -3e38f, INFINITY, -INFINITY, 1e-40f};
    for (size_t i = 0; i < sizeof xs / sizeof xs[0]; i++) {
        CHECK(isfinite(fmath_exp(xs[i])) && fmath_exp(xs[i]) > 0.0f);
        CHECK(isfinite(fmath_log(xs[i] < 0 ? -xs[i] : xs[i])) || isinf(xs[i]));
        CHECK(isfinite(fmath_tanh(xs[i])) || isinf(xs[i]));
        const float s = fmath_sigmoid(xs[i]);
        CHECK(s >= 0.0f && s <= 1.0f);
    }
    CHECK(fmath_tanh(50.0f) == 1.0f && fmath_tanh(-50.0f) == -1.0f);
    CHECK(fmath_exp(0.0f) == 1.0f && fmath_log(1.0f) == 0.0f && fmath_sigmoid(0.0f) == 0.5f);
}

static void fill(float *x, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) {
        x[i] = rng_normal(seed, RNG_SYNTHETIC, 0, (uint32_t)i);
    }
}

static void vec_agrees_with_double(void) {
    float a[131];
    float b[131];
    for (size_t n = 0; n <= 131; n++) {
        fill(a, n, 1);
        fill(b, n, 2);
        double sum = 0;
        double dot = 0;
        double distance = 0;
        for (size_t i = 0; i < n; i++) {
            sum += (double)a[i];
            dot += (double)a[i] * (double)b[i];
            distance += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        }
        CHECK_NEAR(vec_sum(a, n), sum, 1e-4);
        CHECK_NEAR(vec_dot(a, b, n), dot, 1e-4);
        CHECK_NEAR(vec_squared_distance(a, b, n), distance, 1e-3);
        float y[131];
        memcpy(y, b, n * sizeof(float));
        vec_axpy(0.5f, a, y, n);
        for (size_t i = 0; i < n; i++) {
            CHECK(y[i] == b[i] + 0.5f * a[i]);
        }
    }
}

static void tile_equals_its_reference(void) {
    _Alignas(16) float a[4 * 70];
    _Alignas(16) float b[8 * 70];
    _Alignas(16) float fast[32];
    _Alignas(16) float slow[32];
    for (uint32_t k = 0; k <= 70; k++) {
        fill(a, 4u * k, k);
        fill(b, 8u * k, k + 100);
        fill(fast, 32, k + 200);
        memcpy(slow, fast, sizeof fast);
        gemm_tile(k, a, b, fast);
        gemm_tile_reference(k, a, b, slow);
        CHECK_BITS(fast, slow, sizeof fast);
    }
}

/* Shapes around the tile, the row block (128) and the depth block (1024), with strides wider than rows;
 * bit for bit equal to a sum in ascending k. */
static void gemm_equals_the_obvious_loops(void) {
    const uint32_t shapes[][3] = {{1, 1, 1},    {4, 8, 16},   {5, 9, 3},    {3, 17, 1},
                                  {130, 20, 7}, {129, 8, 33}, {7, 65, 129}, {12, 10, 2050},
                                  {2, 3, 1024}, {6, 6, 1025}, {3, 4, 0}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const uint32_t m = shapes[s][0];
        const uint32_t n = shapes[s][1];
        const uint32_t k = shapes[s][2];
        const size_t   lda = k + 3;
        const size_t   ldb = n + 1;
        const size_t   ldc = n + 2;
        float         *a = mem_alloc(m * lda * sizeof(float));
        float         *b = mem_alloc((k + 1) * ldb * sizeof(float));
        float         *c = mem_alloc(m * ldc * sizeof(float));
        void          *w = mem_alloc(gemm_workspace(m, n, k));
        fill(a, m * lda, 1);
        fill(b, k * ldb, 2);
        for (size_t i = 0; i < m * ldc; i++) {
            c[i] = 77.0f;
        }
        gemm(m, n, k, a, lda, b, ldb, c, ldc, w);
        for (uint32_t i = 0; i < m; i++) {
            for (uint32_t j = 0; j < n; j++) {
                float sum = 0.0f;
                for (uint32_t t = 0; t < k; t++) {
                    sum += a[i * lda + t] * b[t * ldb + j];
                }
                CHECK_BITS(&c[i * ldc + j], &sum, sizeof sum);
            }
            CHECK(c[i * ldc + n] == 77.0f &&
                  c[i * ldc + n + 1] == 77.0f); /* nothing past the row */
        }
        mem_free(a);
        mem_free(b);
        mem_free(c);
        mem_free(w);
    }
}

static void rows_of_both_types_are_scaled_and_shifted(void) {
    const uint8_t bytes[] = {0, 128, 255, 10, 20, 30};
    const float   floats[] = {0, 128, 255, 0, 10, 20, 30, 0};
    const float   scale[] = {0.5f, 1.0f, 2.0f};
    const float   shift[] = {1.0f, 0.0f, -1.0f};
    const matrix  u8 = {bytes, MATRIX_U8, 2, 3, 3, scale, shift};
    const matrix  f32 = {floats, MATRIX_F32, 2, 3, 4, scale, shift};
    const float   want[2][3] = {{1, 128, 509}, {6, 20, 59}};
    for (uint32_t row = 0; row < 2; row++) {
        float a[3];
        float b[3];
        matrix_row(&u8, row, a);
        matrix_row(&f32, row, b);
        CHECK_BITS(a, want[row], sizeof a);
        CHECK_BITS(b, want[row], sizeof b);
    }
}

static void four_distances_at_once_have_the_bits_of_one(void) {
    float rows[5 * 40];
    for (uint32_t i = 0; i < 5 * 40; i++) {
        rows[i] = rng_normal(5, RNG_SYNTHETIC, i, 0);
    }
    for (size_t n = 0; n <= 37; n++) {
        float at_once[4];
        vec_squared_distances4(rows, rows + 40, 40, n, at_once);
        for (size_t r = 0; r < 4; r++) {
            const float one = vec_squared_distance(rows, rows + (r + 1) * 40, n);
            CHECK_BITS(&at_once[r], &one, sizeof one);
        }
    }
}

TESTS({"four distances at once have the bits of one", four_distances_at_once_have_the_bits_of_one},
      {"errors of exp, log, sigmoid, tanh, sin and cos are as documented",
       errors_are_as_documented},
      {"extremes stay finite", extremes_stay_finite},
      {"vec agrees with double precision", vec_agrees_with_double},
      {"the tile equals its reference bit for bit", tile_equals_its_reference},
      {"gemm equals the obvious loops bit for bit", gemm_equals_the_obvious_loops},
      {"rows of both types are scaled and shifted", rows_of_both_types_are_scaled_and_shifted})
