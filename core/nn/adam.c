#include "nn/adam.h"

#include "math/simd.h"

#include <math.h>

#define BETA1   0.9f
#define BETA2   0.999f
#define EPSILON 1e-8f

/* b^t by squaring: exactly rounded products in a fixed order. */
static double power(double b, uint32_t t) {
    double result = 1.0;
    for (; t > 0; t >>= 1) {
        if ((t & 1u) != 0) {
            result *= b;
        }
        b *= b;
    }
    return result;
}

adam_step adam_step_of(uint32_t t, float learning_rate, float weight_decay) {
    const double c1 = 1.0 - power(0.9, t);
    const double c2 = 1.0 - power(0.999, t);
    return (adam_step){.rate = (float)((double)learning_rate / c1),
                       .inv_root = (float)(1.0 / sqrt(c2)),
                       .keep = 1.0f - learning_rate * weight_decay};
}

static f32x4 root4(f32x4 x) {
    return (f32x4){sqrtf(x[0]), sqrtf(x[1]), sqrtf(x[2]), sqrtf(x[3])};
}

static f32x4 flush4(f32x4 x) {
    return f32x4_select(f32x4_abs(x) < f32x4_splat(1e-30f), f32x4_splat(0.0f), x);
}

void adam_apply(const adam_step *s, float *w, float *m, float *v, const float *gradient, size_t n) {
    const f32x4 rate = f32x4_splat(s->rate);
    const f32x4 inv_root = f32x4_splat(s->inv_root);
    const f32x4 keep = f32x4_splat(s->keep);
    for (size_t i = 0; i < n; i += 4) {
        const f32x4 g = f32x4_load(gradient + i);
        const f32x4 mi =
            flush4(f32x4_load(m + i) * f32x4_splat(BETA1) + g * f32x4_splat(1.0f - BETA1));
        const f32x4 vi =
            flush4(f32x4_load(v + i) * f32x4_splat(BETA2) + g * g * f32x4_splat(1.0f - BETA2));
        const f32x4 below = root4(vi) * inv_root + f32x4_splat(EPSILON);
        f32x4_store(m + i, mi);
        f32x4_store(v + i, vi);
        f32x4_store(w + i, f32x4_load(w + i) * keep - rate * (mi / below));
    }
}
