#include "nn/act.h"

#include "math/fmath.h"
#include "math/simd.h"

#define LEAK 0.01f

static f32x4 forward4(uint32_t kind, f32x4 x) {
    const f32x4 zero = f32x4_splat(0.0f);
    switch (kind) {
        case ACT_RELU: return f32x4_max(x, zero);
        case ACT_LEAKY_RELU: return f32x4_select(x > zero, x, x * f32x4_splat(LEAK));
        case ACT_ELU: {
            const f32x4 below = fmath_exp4(f32x4_min(x, zero)) - f32x4_splat(1.0f);
            return f32x4_select(x > zero, x, below);
        }
        case ACT_TANH: return fmath_tanh4(x);
        case ACT_SIGMOID: return fmath_sigmoid4(x);
        default: return x;
    }
}

/* act'(x) as a function of y = act(x). */
static f32x4 slope4(uint32_t kind, f32x4 y) {
    const f32x4 zero = f32x4_splat(0.0f);
    const f32x4 one = f32x4_splat(1.0f);
    switch (kind) {
        case ACT_RELU: return f32x4_select(y > zero, one, zero);
        case ACT_LEAKY_RELU: return f32x4_select(y > zero, one, f32x4_splat(LEAK));
        case ACT_ELU: return f32x4_select(y > zero, one, y + one);
        case ACT_TANH: return one - y * y;
        case ACT_SIGMOID: return y * (one - y);
        default: return one;
    }
}

void act_forward(uint32_t kind, float *y, size_t n) {
    if (kind == ACT_LINEAR) {
        return;
    }
    for (size_t i = 0; i < n; i += 4) {
        f32x4_store(y + i, forward4(kind, f32x4_load(y + i)));
    }
}

void act_backward(uint32_t kind, const float *y, float *dy, size_t n) {
    if (kind == ACT_LINEAR) {
        return;
    }
    for (size_t i = 0; i < n; i += 4) {
        f32x4_store(dy + i, f32x4_load(dy + i) * slope4(kind, f32x4_load(y + i)));
    }
}
