/* simd.h: four floats at once, written with compiler vector extensions.
 *
 * gcc and clang lower these to SSE, NEON, WebAssembly SIMD or scalar code with the same lane
 * semantics, so one source gives the same bits everywhere. The only file that may use intrinsics; it
 * needs none.
 */
#ifndef SIMD_H
#define SIMD_H

#include <stdint.h>
#include <string.h>

typedef float   f32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));

/* Loads and stores at any alignment; compilers turn the copy into one instruction. */
static inline f32x4 f32x4_load(const float *p) {
    f32x4 v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void f32x4_store(float *p, f32x4 v) {
    memcpy(p, &v, sizeof v);
}

static inline f32x4 f32x4_splat(float x) {
    return (f32x4){x, x, x, x};
}

/* Reinterprets bits. */
static inline i32x4 f32x4_bits(f32x4 v) {
    return (i32x4)v;
}

static inline f32x4 i32x4_floats(i32x4 v) {
    return (f32x4)v;
}

/* mask lane all ones: a, all zeros: b. A comparison of two f32x4 gives such a mask. */
static inline f32x4 f32x4_select(i32x4 mask, f32x4 a, f32x4 b) {
    return i32x4_floats((f32x4_bits(a) & mask) | (f32x4_bits(b) & ~mask));
}

/* NaN in a gives b: the comparison decides, so the result is the same on every machine. */
static inline f32x4 f32x4_max(f32x4 a, f32x4 b) {
    return f32x4_select(a > b, a, b);
}

static inline f32x4 f32x4_min(f32x4 a, f32x4 b) {
    return f32x4_select(a < b, a, b);
}

static inline f32x4 f32x4_abs(f32x4 a) {
    return i32x4_floats(f32x4_bits(a) & (i32x4){0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF});
}

/* (lane 0 + lane 2) + (lane 1 + lane 3): this order is part of every function that reduces. */
static inline float f32x4_sum(f32x4 v) {
    return (v[0] + v[2]) + (v[1] + v[3]);
}

#endif
