/* dcor.h: distance correlation of rows and the points they are drawn at: does a map keep the distances?
 *
 *     dcor *c;
 *     TRY(dcor_new(&c, &x, positions, rows, m));
 *     while (!dcor_done(c)) dcor_step(c, 4);
 *     const double value = dcor_value(c);       NaN: there is none
 *     dcor_free(c);
 *
 * Szekely, Rizzo & Bakirov 2007, "Measuring and testing dependence by correlation of distances", the
 * statistic of their definition 4 (a V-statistic: not corrected for the number of rows). With a_kl the
 * euclidean distance of rows k and l of the matrix, b_kl that of their points, and
 *
 *     S1(a, b) = 1/m^2 sum_kl a_kl b_kl
 *     S2(a, b) = 1/m^2 sum_kl a_kl * 1/m^2 sum_kl b_kl
 *     S3(a, b) = 1/m^3 sum_k (sum_l a_kl) (sum_l b_kl)
 *
 * dCov^2(a, b) = S1 + S2 - 2 S3, which equals 1/m^2 sum A_kl B_kl of the doubly centred distances, and
 *
 *     value = sqrt(dCov^2(a, b) / sqrt(dCov^2(a, a) dCov^2(b, b)))
 *
 * in [0, 1]: 1 when the map is a similarity of the rows (any distances in one proportion). Rows that have
 * nothing to do with their points give a value that falls to 0 as m grows (of small m it is well above).
 *
 * Cost: m^2 / 2 distances of d numbers; memory for m rows of d floats. Distances are those of floats, all
 * sums are in double and finished a row at a time: the same bits however it is stepped.
 */
#ifndef MEASURE_DCOR_H
#define MEASURE_DCOR_H

#include "base/status.h"
#include "math/matrix.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dcor dcor;

/* Bytes dcor_new() claims for m rows of d features; SIZE_MAX when that is beyond all bounds. */
size_t dcor_bytes(uint32_t d, uint32_t m);

/* `rows` are m ids of *x in any order, `positions` (m, 2) their points in that order; both are copied. *x is
 * borrowed and must outlive the object. BAD_SHAPE: an id is past the end. */
status dcor_new(dcor **out, const matrix *x, const float *positions, const uint32_t *rows,
                uint32_t m);
void   dcor_free(dcor *c); /* NULL is allowed */

/* At most `units` more units of some four million operations, 1-2 ms. Never allocates. A call when done
 * does nothing. */
void dcor_step(dcor *c, uint32_t units);
bool dcor_done(const dcor *c);

/* When done. NaN: fewer than three rows, rows or points all in one place, or a number that is not finite. */
double dcor_value(const dcor *c);

#endif
