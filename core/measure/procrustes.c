#include "measure/procrustes.h"

#include <stdbool.h>
#include <stddef.h>

#define BLOCK   4096u /* rows whose sums are finished before they are added to the others' */
#define NOTHING 1e-12 /* of what two sides could have in common: less is rounding */

/* Numbers of a pair of points, and places of their sums. */
enum { FROM_X, FROM_Y, TO_X, TO_Y, PAIR };

typedef struct {
    const float *from, *to; /* (n, width) */
    uint32_t     n;
    uint32_t     width; /* 2, or 1: the second number is then 0 */
} point_pairs;

/* Sums over all rows that count; points are relative to `origin`. */
typedef struct {
    double n;
    double point[PAIR];
    double from_square, to_square;
    double xx, xy, yx, yy; /* of a number of `from` with one of `to` */
} pair_sums;

static bool is_finite(float x) {
    return x - x == 0.0f;
}

/* False when one of the numbers is not finite. */
static bool read_pair(const point_pairs *p, uint32_t row, double out[PAIR]) {
    const float *from = p->from + (size_t)row * p->width;
    const float *to = p->to + (size_t)row * p->width;
    bool         finite = true;
    for (uint32_t c = 0; c < 2; c++) {
        const bool there = c < p->width;
        out[FROM_X + c] = there ? (double)from[c] : 0.0;
        out[TO_X + c] = there ? (double)to[c] : 0.0;
        finite = finite && (!there || (is_finite(from[c]) && is_finite(to[c])));
    }
    return finite;
}

static void add_pair(pair_sums *s, const double v[PAIR]) {
    s->n += 1.0;
    for (uint32_t c = 0; c < PAIR; c++) {
        s->point[c] += v[c];
    }
    s->from_square += v[FROM_X] * v[FROM_X] + v[FROM_Y] * v[FROM_Y];
    s->to_square += v[TO_X] * v[TO_X] + v[TO_Y] * v[TO_Y];
    s->xx += v[FROM_X] * v[TO_X];
    s->xy += v[FROM_X] * v[TO_Y];
    s->yx += v[FROM_Y] * v[TO_X];
    s->yy += v[FROM_Y] * v[TO_Y];
}

static void add_sums(pair_sums *s, const pair_sums *part) {
    s->n += part->n;
    for (uint32_t c = 0; c < PAIR; c++) {
        s->point[c] += part->point[c];
    }
    s->from_square += part->from_square;
    s->to_square += part->to_square;
    s->xx += part->xx;
    s->xy += part->xy;
    s->yx += part->yx;
    s->yy += part->yy;
}

static pair_sums sum_about(const point_pairs *p, const double origin[PAIR]) {
    pair_sums all = {0};
    uint32_t  end;
    for (uint32_t first = 0; first < p->n; first = end) {
        pair_sums block = {0};
        end = p->n - first < BLOCK ? p->n : first + BLOCK;
        for (uint32_t row = first; row < end; row++) {
            double v[PAIR];
            if (!read_pair(p, row, v)) {
                continue;
            }
            for (uint32_t c = 0; c < PAIR; c++) {
                v[c] -= origin[c];
            }
            add_pair(&block, v);
        }
        add_sums(&all, &block);
    }
    return all;
}

/* The best matrix [a, b, c, d] of centred points; the identity where none is better than another. */
static void best_turn(const pair_sums *s, double out[4]) {
    const double turn[2] = {s->xx + s->yy, s->xy - s->yx};
    const double flip[2] = {s->xx - s->yy, s->xy + s->yx};
    const double turn_gain = turn[0] * turn[0] + turn[1] * turn[1];
    const double flip_gain = flip[0] * flip[0] + flip[1] * flip[1];
    /* Beyond rounding, or a map would flip for nothing. */
    const bool   flips = flip_gain > turn_gain * (1.0 + NOTHING);
    const double gain = flips ? flip_gain : turn_gain;
    const double most = s->from_square * s->to_square;
    if (!(most > 0.0) || gain <= NOTHING * NOTHING * most) {
        out[0] = out[3] = 1.0;
        out[1] = out[2] = 0.0;
        return;
    }
    const double cosine = (flips ? flip[0] : turn[0]) / s->from_square; /* times the scale */
    const double sine = (flips ? flip[1] : turn[1]) / s->from_square;
    out[0] = cosine;
    out[1] = flips ? sine : -sine;
    out[2] = sine;
    out[3] = flips ? -cosine : cosine;
}

static void align(const point_pairs *p, double out[6]) {
    double   origin[PAIR] = {0};
    uint32_t row = 0;
    while (row < p->n && !read_pair(p, row, origin)) {
        row++;
    }
    if (row == p->n) {
        out[0] = out[3] = 1.0;
        out[1] = out[2] = out[4] = out[5] = 0.0;
        return;
    }
    /* First about a point of each side, so that points in one place are exactly 0 and have no spread by
     * rounding; then about the mean. */
    const pair_sums first = sum_about(p, origin);
    for (uint32_t c = 0; c < PAIR; c++) {
        origin[c] += first.point[c] / first.n;
    }
    pair_sums centred = first;
    if (first.from_square > 0.0 && first.to_square > 0.0) {
        centred = sum_about(p, origin);
    }
    best_turn(&centred, out);
    out[4] = origin[TO_X] - (out[0] * origin[FROM_X] + out[1] * origin[FROM_Y]);
    out[5] = origin[TO_Y] - (out[2] * origin[FROM_X] + out[3] * origin[FROM_Y]);
}

void procrustes(const float *from, const float *to, uint32_t n, double out[6]) {
    const point_pairs p = {from, to, n, 2};
    align(&p, out);
}

void procrustes_line(const float *from, const float *to, uint32_t n, double out[6]) {
    /* Points with 0 as their second number: the best rotation is none, or a half turn. */
    const point_pairs p = {from, to, n, 1};
    align(&p, out);
    out[1] = out[2] = out[5] = 0.0;
    out[3] = 1.0;
}
