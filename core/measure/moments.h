/* moments.h: in what a set of rows differs from the rest: means of every feature, and effect sizes.
 *
 *     moments *m;
 *     TRY(moments_new(&m, &x, bits));
 *     while (!moments_done(m)) moments_step(m, 4);
 *     moments_read(m, mean, rest_mean, effect);
 *     moments_free(m);
 *
 * The effect size of a feature is Cohen's d (Cohen 1988, "Statistical power analysis for the behavioral
 * sciences", 2nd ed., 2.5): the difference of the means over the pooled standard deviation,
 *
 *     d = (mean_s - mean_r) / sqrt(((n_s - 1) var_s + (n_r - 1) var_r) / (n_s + n_r - 2))
 *
 * positive where the selected rows lie higher.
 *
 * Two passes over the matrix, deviations about the means of the first with the corrected two-pass formula
 * (Chan, Golub & LeVeque 1983): a large offset costs no digits. Sums are in double in row order: the same
 * bits however it is stepped. Memory: six doubles and a float a feature, a bit a row.
 */
#ifndef MEASURE_MOMENTS_H
#define MEASURE_MOMENTS_H

#include "base/status.h"
#include "math/matrix.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct moments moments;

/* Bytes moments_new() claims for n rows of d features; SIZE_MAX when that is beyond all bounds. */
size_t moments_bytes(uint32_t n, uint32_t d);

/* `bits` (rowbits_words(x->n) words, base/rowbits.h) are the selected rows, copied. *x is borrowed and must
 * outlive the object; its values are finite. */
status moments_new(moments **out, const matrix *x, const uint32_t *bits);
void   moments_free(moments *m); /* NULL is allowed */

/* At most `units` more units of some million values, 1-2 ms. Never allocates. A call when done does
 * nothing. */
void moments_step(moments *m, uint32_t units);
bool moments_done(const moments *m);

/* When done: rows selected. */
uint32_t moments_count(const moments *m);

/* When done, d numbers each, in the scaled units of the matrix. Means of no rows are NaN. The effect is NaN
 * when either side has no rows, when there are only two rows, or when a feature has one value on both
 * sides; it is infinite, with the sign of the difference, when it has one value on each side and they
 * differ. */
void moments_read(const moments *m, double *mean, double *rest_mean, double *effect);

#endif
