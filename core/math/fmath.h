/* fmath.h: our own exp, log, tanh, sine and cosine: the same bits on every platform.
 *
 * Platform libms differ from each other; these use only + - * / and bit operations, so they do not
 * differ from themselves. Polynomials are those of Cephes (Moshier, expf, logf, tanhf, sinf, cosf).
 * Errors are the largest seen over all floats of the stated range, in units in the last place (ulp),
 * held by tests/core/test_fmath.c.
 *
 * The four-lane forms are the definition; the scalar ones are their first lane.
 */
#ifndef FMATH_H
#define FMATH_H

#include "math/simd.h"

/* e^x. Below -87.33 the result is 1.18e-38, above 88.02 it is 1.7e38: never 0, never infinite.
 * NaN gives a finite number: callers check their inputs. Error < 2 ulp. */
f32x4 fmath_exp4(f32x4 x);
float fmath_exp(float x);

/* Natural logarithm of a normal positive float; anything below 1.18e-38 is taken as 1.18e-38.
 * Error < 2 ulp away from 1, < 1e-7 absolute near it. */
f32x4 fmath_log4(f32x4 x);
float fmath_log(float x);

/* 1 / (1 + e^-x), in [1e-38, 1]. Error < 4 ulp for x > -87. */
f32x4 fmath_sigmoid4(f32x4 x);
float fmath_sigmoid(float x);

/* Hyperbolic tangent. Error < 3 ulp. */
f32x4 fmath_tanh4(f32x4 x);
float fmath_tanh(float x);

/* sin(2 pi t) and cos(2 pi t): the argument in turns needs no value of pi to reduce. |t| < 2^22.
 * Error < 2e-7 absolute. */
float fmath_sin2pi(float t);
float fmath_cos2pi(float t);

#endif
