/* vec.h: inner loops over one or two float arrays.
 *
 * Each reduction keeps four lane sums (element i goes to lane i mod 4), adds them as f32x4_sum does,
 * and then the up to three elements left over in order. That order is the function's definition: it is
 * what makes the result equal on every machine. n may be 0; pointers need no alignment.
 */
#ifndef VEC_H
#define VEC_H

#include <stddef.h>

float vec_sum(const float *a, size_t n);
float vec_dot(const float *a, const float *b, size_t n);
float vec_squared_distance(const float *a, const float *b, size_t n);

/* From a to four rows of n floats that lie `stride` floats apart, each with the bits of vec_squared_distance. Four
 * sums that do not wait for one another: three times as fast. */
void vec_squared_distances4(const float *a, const float *rows, size_t stride, size_t n,
                            float out[4]);

/* y += alpha * x */
void vec_axpy(float alpha, const float *x, float *y, size_t n);

#endif
