#include "nn/loss.h"

#include "math/fmath.h"
#include "math/simd.h"

#include <string.h>

/* Up to four values with zeros behind, so that the last lanes need no loop of their own. */
static f32x4 load_some(const float *p, uint32_t n) {
    float four[4] = {0};
    memcpy(four, p, n * sizeof(float));
    return f32x4_load(four);
}

static void store_some(float *p, f32x4 v, uint32_t n) {
    float four[4];
    f32x4_store(four, v);
    memcpy(p, four, n * sizeof(float));
}

float loss_mse(const float *y, const float *target, uint32_t d, float scale, float *slope) {
    const f32x4 two = f32x4_splat(2.0f * scale);
    f32x4       sum = f32x4_splat(0.0f);
    for (uint32_t j = 0; j < d; j += 4) {
        const uint32_t n = d - j < 4 ? d - j : 4;
        const f32x4    e = n == 4 ? f32x4_load(y + j) - f32x4_load(target + j)
                                  : load_some(y + j, n) - load_some(target + j, n);
        sum += e * e;
        if (slope != NULL) {
            store_some(slope + j, two * e, n);
        }
    }
    return f32x4_sum(sum);
}

float loss_bce(const float *logit, const float *target, uint32_t d, float scale, float *slope) {
    const f32x4 zero = f32x4_splat(0.0f);
    const f32x4 one = f32x4_splat(1.0f);
    const f32x4 s = f32x4_splat(scale);
    f32x4       sum = zero;
    for (uint32_t j = 0; j < d; j += 4) {
        const uint32_t n = d - j < 4 ? d - j : 4;
        const f32x4    l = load_some(logit + j, n);
        const f32x4    t = load_some(target + j, n);
        const f32x4    e = fmath_exp4(-f32x4_abs(l));
        const f32x4    loss = (f32x4_max(l, zero) - l * t) + fmath_log4(one + e);
        if (n == 4) {
            sum += loss;
        } else { /* the empty lanes would each add log 2 */
            sum += load_some((const float *)&loss, n);
        }
        if (slope != NULL) {
            const f32x4 up = one / (one + e);
            const f32x4 p = f32x4_select(l >= zero, up, e * up);
            store_some(slope + j, s * (p - t), n);
        }
    }
    return f32x4_sum(sum);
}
