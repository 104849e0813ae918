/* procrustes.h: lays one map over another: the similarity that brings its points closest to the other's.
 *
 * Of all T(p) = s R p + t with a scale s >= 0, a rotation or reflection R and a shift t, the one with the
 * least sum over rows of |T(from) - to|^2 (Schonemann 1966, "A generalized solution of the orthogonal
 * Procrustes problem"; with scale and shift Gower 1975). In the plane its rotation is the argument of the
 * complex number sum conj(from) to, of centred points, and its reflection that of sum from to: nothing has
 * to be iterated or decomposed.
 *
 * Rows with a number that is not finite, on either side, are left out. Where no similarity is better than
 * another, only the shift is made: fewer than two rows that count, all points of one side in one place,
 * or sides that have nothing in common (a scale of 0 would be best then, and leave no map to look at).
 * Without any row that counts, the identity. Where a rotation and a reflection do equally well, as for
 * points on a line, the rotation.
 *
 * The scale is that of least squares: it shrinks as the two sides have less in common.
 *
 * Cost: two passes over the rows, sums in double over fixed blocks in row order.
 */
#ifndef MEASURE_PROCRUSTES_H
#define MEASURE_PROCRUSTES_H

#include <stdint.h>

/* From (n, 2) onto to (n, 2). out is [a, b, c, d, tx, ty]: the point (x, y) goes to
 * (a x + b y + tx, c x + d y + ty). */
void procrustes(const float *from, const float *to, uint32_t n, double out[6]);

/* From (n) onto to (n), numbers on a line: x goes to a x + tx; a may be negative. out is
 * [a, 0, 0, 1, tx, 0], so that a second coordinate stays as it is. */
void procrustes_line(const float *from, const float *to, uint32_t n, double out[6]);

#endif
