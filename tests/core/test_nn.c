/* test_nn.c: activations, losses and the optimiser against double-precision formulas. */
#include "math/fmath.h"
#include "nn/act.h"
#include "nn/adam.h"
#include "nn/loss.h"
#include "test.h"

static double act(uint32_t kind, double x) {
    switch (kind) {
        case ACT_RELU: return x > 0 ? x : 0;
        case ACT_LEAKY_RELU: return x > 0 ? x : 0.01 * x;
        case ACT_ELU: return x > 0 ? x : exp(x) - 1;
        case ACT_TANH: return tanh(x);
        case ACT_SIGMOID: return 1 / (1 + exp(-x));
        default: return x;
    }
}

static void activations_and_their_slopes(void) {
    for (uint32_t kind = 0; kind < ACT_COUNT; kind++) {
        for (double x = -6.05; x < 6; x += 0.1) {
            _Alignas(16) float y[4] = {(float)x, (float)x, (float)x, (float)x};
            _Alignas(16) float dy[4] = {3, 3, 3, 3};
            act_forward(kind, y, 4);
            CHECK_NEAR(y[0], act(kind, (double)(float)x), 2e-6);
            act_backward(kind, y, dy, 4);
            const double h = 1e-6;
            const double slope = (act(kind, x + h) - act(kind, x - h)) / (2 * h);
            CHECK_NEAR(dy[3], 3 * slope, 2e-5);
        }
    }
}

static void losses_and_their_slopes(void) {
    float y[7];
    float t[7];
    float slope[8];
    for (uint32_t d = 1; d <= 7; d++) {
        double mse = 0;
        double bce = 0;
        for (uint32_t j = 0; j < d; j++) {
            y[j] = 1.7f * (float)j - 4.0f;
            t[j] = (float)j / 7.0f;
            const double p = 1 / (1 + exp(-(double)y[j]));
            mse += pow((double)y[j] - (double)t[j], 2);
            bce -= (double)t[j] * log(p) + (1 - (double)t[j]) * log(1 - p);
        }
        slope[d] = 42.0f;
        CHECK_NEAR(loss_mse(y, t, d, 0.25f, slope), mse, 1e-4);
        CHECK(slope[d] == 42.0f); /* nothing past the row */
        for (uint32_t j = 0; j < d; j++) {
            CHECK_NEAR(slope[j], 0.25 * 2 * ((double)y[j] - (double)t[j]), 1e-6);
        }
        CHECK_NEAR(loss_bce(y, t, d, 0.25f, slope), bce, 1e-5);
        CHECK(slope[d] == 42.0f);
        for (uint32_t j = 0; j < d; j++) {
            CHECK_NEAR(slope[j], 0.25 * (1 / (1 + exp(-(double)y[j])) - (double)t[j]), 1e-6);
        }
        CHECK(loss_mse(y, t, d, 1.0f, NULL) > 0.0f && loss_bce(y, t, d, 1.0f, NULL) > 0.0f);
    }
}

static void bce_survives_certain_logits(void) {
    const float logits[] = {1e4f, -1e4f, 90.0f, -90.0f};
    const float targets[] = {1.0f, 0.0f, 1.0f, 0.0f};
    const float wrong[] = {0.0f, 1.0f, 0.0f, 1.0f};
    CHECK_NEAR(loss_bce(logits, targets, 4, 1.0f, NULL), 0, 1e-6);
    CHECK_NEAR(loss_bce(logits, wrong, 4, 1.0f, NULL), 20180, 1);
}

/* AdamW as the paper writes it, in double precision, over 200 steps. */
static void adam_follows_the_paper(void) {
    _Alignas(16) float w[4] = {1, -2, 0.5f, 3};
    _Alignas(16) float m[4] = {0};
    _Alignas(16) float v[4] = {0};
    double             dw[4] = {1, -2, 0.5, 3};
    double             dm[4] = {0};
    double             dv[4] = {0};
    const double       lr = 0.01;
    const double       decay = 0.1;
    for (uint32_t t = 1; t <= 200; t++) {
        _Alignas(16) float g[4];
        const adam_step    s = adam_step_of(t, 0.01f, 0.1f);
        for (int i = 0; i < 4; i++) {
            g[i] = (float)(dw[i] * (i + 1) + sin(t * 0.7 + i));
            dm[i] = 0.9 * dm[i] + 0.1 * (double)g[i];
            dv[i] = 0.999 * dv[i] + 0.001 * (double)g[i] * (double)g[i];
            dw[i] *= 1 - lr * decay;
            dw[i] -= lr * (dm[i] / (1 - pow(0.9, t))) / (sqrt(dv[i] / (1 - pow(0.999, t))) + 1e-8);
        }
        adam_apply(&s, w, m, v, g, 4);
    }
    for (int i = 0; i < 4; i++) {
        CHECK_NEAR(w[i], dw[i], 2e-5);
    }
}

/* Moments of a unit that stopped getting gradients become exactly zero instead of denormal. */
static void dead_moments_reach_zero(void) {
    _Alignas(16) float w[4] = {1, 1, 1, 1};
    _Alignas(16) float m[4] = {1e-29f, 0, 0, 0};
    _Alignas(16) float v[4] = {1e-29f, 0, 0, 0};
    _Alignas(16) float g[4] = {0};
    for (uint32_t t = 1; t <= 5000; t++) {
        const adam_step s = adam_step_of(t, 1e-3f, 0.0f);
        adam_apply(&s, w, m, v, g, 4);
        CHECK(m[0] == 0.0f || fabsf(m[0]) >= 1e-30f);
    }
    CHECK(m[0] == 0.0f && v[0] == 0.0f && isfinite(w[0]));
}

TESTS({"activations and their slopes", activations_and_their_slopes},
      {"losses and their slopes", losses_and_their_slopes},
      {"cross-entropy survives certain logits", bce_survives_certain_logits},
      {"AdamW follows the paper", adam_follows_the_paper},
      {"moments of dead units reach zero", dead_moments_reach_zero})
