#include "math/fmath.h"

/* Adding and taking away 1.5 * 2^23 rounds to the nearest integer (ties to even) for |x| < 2^22, and
 * leaves that integer in the low bits of the sum: no conversion instruction, no rounding mode. */
#define ROUNDER 12582912.0f

static f32x4 poly(f32x4 x, const float *c, int n) {
    f32x4 y = f32x4_splat(c[0]);
    for (int i = 1; i < n; i++) {
        y = y * x + f32x4_splat(c[i]);
    }
    return y;
}

f32x4 fmath_exp4(f32x4 x) {
    static const float c[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                              4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    const f32x4        lo = f32x4_splat(-87.33f);
    const f32x4        hi = f32x4_splat(88.02f);
    x = f32x4_min(f32x4_max(x, lo), hi);
    const f32x4 shifted = x * f32x4_splat(1.44269504088896341f) + f32x4_splat(ROUNDER);
    const f32x4 n = shifted - f32x4_splat(ROUNDER);
    /* ln 2 in two parts: n * the first is exact. */
    const f32x4 r = (x - n * f32x4_splat(0.693359375f)) + n * f32x4_splat(2.12194440e-4f);
    const f32x4 y = (poly(r, c, 6) * (r * r) + r) + f32x4_splat(1.0f);
    const i32x4 bits = f32x4_bits(shifted) - f32x4_bits(f32x4_splat(ROUNDER));
    return y * i32x4_floats((bits + 127) << 23);
}

f32x4 fmath_log4(f32x4 x) {
    static const float c[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                              -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                              2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
    x = f32x4_max(x, f32x4_splat(0x1p-126f));
    const i32x4 bits = f32x4_bits(x);
    /* x = m * 2^e with m in [sqrt(1/2), sqrt(2)). */
    i32x4       e = ((bits >> 23) & 0xFF) - 126;
    f32x4       m = i32x4_floats((bits & 0x007FFFFF) | 0x3F000000);
    const i32x4 small = m < f32x4_splat(0.707106781186547524f);
    e += small; /* a true lane is -1 */
    m = m + f32x4_select(small, m, f32x4_splat(0.0f)) - f32x4_splat(1.0f);
    const f32x4 z = m * m;
    const f32x4 n = {(float)e[0], (float)e[1], (float)e[2], (float)e[3]};
    f32x4       y = m * z * poly(m, c, 9);
    y = y + n * f32x4_splat(-2.12194440e-4f) - z * f32x4_splat(0.5f);
    return (m + y) + n * f32x4_splat(0.693359375f);
}

f32x4 fmath_sigmoid4(f32x4 x) {
    /* Both halves from e^-|x| <= 1, so that nothing overflows and small results keep their digits. */
    const f32x4 one = f32x4_splat(1.0f);
    const f32x4 e = fmath_exp4(-f32x4_abs(x));
    const f32x4 up = one / (one + e);
    return f32x4_select(x >= f32x4_splat(0.0f), up, e * up);
}

f32x4 fmath_tanh4(f32x4 x) {
    static const float c[] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
                              1.33314422036e-1f, -3.33332819422e-1f};
    const f32x4        one = f32x4_splat(1.0f);
    const f32x4        a = f32x4_abs(x);
    const f32x4        z = x * x;
    const f32x4        near = poly(z, c, 5) * z * x + x;
    const f32x4        e = fmath_exp4(a * f32x4_splat(-2.0f));
    const f32x4        far = (one - e) / (one + e);
    const f32x4        signed_far = f32x4_select(x < f32x4_splat(0.0f), -far, far);
    return f32x4_select(a < f32x4_splat(0.625f), near, signed_far);
}

float fmath_exp(float x) {
    return fmath_exp4(f32x4_splat(x))[0];
}

float fmath_log(float x) {
    return fmath_log4(f32x4_splat(x))[0];
}

float fmath_sigmoid(float x) {
    return fmath_sigmoid4(f32x4_splat(x))[0];
}

float fmath_tanh(float x) {
    return fmath_tanh4(f32x4_splat(x))[0];
}

/* Sine and cosine of 2 pi t for t in [0, 1/8]. */
static float sin_octant(float t) {
    const float x = t * 6.28318530717958648f;
    const float z = x * x;
    return ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * x + x;
}

static float cos_octant(float t) {
    const float x = t * 6.28318530717958648f;
    const float z = x * x;
    return ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z *
               z -
           0.5f * z + 1.0f;
}

float fmath_cos2pi(float t) {
    float r = t - ((t + ROUNDER) - ROUNDER); /* [-1/2, 1/2] */
    r = r < 0.0f ? -r : r;
    const float sign = r > 0.25f ? -1.0f : 1.0f;
    r = r > 0.25f ? 0.5f - r : r; /* [0, 1/4] */
    return sign * (r > 0.125f ? sin_octant(0.25f - r) : cos_octant(r));
}

float fmath_sin2pi(float t) {
    const float r = t - ((t + ROUNDER) - ROUNDER);
    float       a = r < 0.0f ? -r : r;
    a = a > 0.25f ? 0.5f - a : a;
    const float s = a > 0.125f ? cos_octant(0.25f - a) : sin_octant(a);
    return r < 0.0f ? -s : s;
}
