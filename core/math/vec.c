#include "math/vec.h"

#include "math/simd.h"

float vec_sum(const float *a, size_t n) {
    f32x4  s = f32x4_splat(0.0f);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s += f32x4_load(a + i);
    }
    float total = f32x4_sum(s);
    for (; i < n; i++) {
        total += a[i];
    }
    return total;
}

float vec_dot(const float *a, const float *b, size_t n) {
    f32x4  s = f32x4_splat(0.0f);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s += f32x4_load(a + i) * f32x4_load(b + i);
    }
    float total = f32x4_sum(s);
    for (; i < n; i++) {
        total += a[i] * b[i];
    }
    return total;
}

float vec_squared_distance(const float *a, const float *b, size_t n) {
    f32x4  s = f32x4_splat(0.0f);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const f32x4 d = f32x4_load(a + i) - f32x4_load(b + i);
        s += d * d;
    }
    float total = f32x4_sum(s);
    for (; i < n; i++) {
        const float d = a[i] - b[i];
        total += d * d;
    }
    return total;
}

void vec_axpy(float alpha, const float *x, float *y, size_t n) {
    const f32x4 a = f32x4_splat(alpha);
    size_t      i = 0;
    for (; i + 4 <= n; i += 4) {
        f32x4_store(y + i, f32x4_load(y + i) + a * f32x4_load(x + i));
    }
    for (; i < n; i++) {
        y[i] += alpha * x[i];
    }
}
