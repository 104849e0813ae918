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

void vec_squared_distances4(const float *a, const float *rows, size_t stride, size_t n,
                            float out[4]) {
    const float *r0 = rows;
    const float *r1 = rows + stride;
    const float *r2 = rows + 2 * stride;
    const float *r3 = rows + 3 * stride;
    f32x4        s0 = f32x4_splat(0.0f);
    f32x4        s1 = s0;
    f32x4        s2 = s0;
    f32x4        s3 = s0;
    size_t       i = 0;
    for (; i + 4 <= n; i += 4) {
        const f32x4 x = f32x4_load(a + i);
        const f32x4 d0 = x - f32x4_load(r0 + i);
        const f32x4 d1 = x - f32x4_load(r1 + i);
        const f32x4 d2 = x - f32x4_load(r2 + i);
        const f32x4 d3 = x - f32x4_load(r3 + i);
        s0 += d0 * d0;
        s1 += d1 * d1;
        s2 += d2 * d2;
        s3 += d3 * d3;
    }
    out[0] = f32x4_sum(s0);
    out[1] = f32x4_sum(s1);
    out[2] = f32x4_sum(s2);
    out[3] = f32x4_sum(s3);
    for (; i < n; i++) {
        for (size_t r = 0; r < 4; r++) {
            const float d = a[i] - rows[r * stride + i];
            out[r] += d * d;
        }
    }
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
