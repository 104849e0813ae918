#include "measure/dcor.h"

#include "base/mem.h"
#include "math/vec.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define UNIT_WORK   4000000u /* numbers of a unit */
#define PAIR_WORK   16u      /* what a pair costs beside its numbers */
#define LANES       4u
#define FEWEST_ROWS 3u

/* One side: m points of `stride` floats, zero padded. */
typedef struct {
    float   *points;
    double  *distances; /* (m) of a point to all others, summed */
    uint32_t stride;
    float    largest; /* absolute value */
} cloud;

/* Sums of a_kl a_kl, b_kl b_kl and a_kl b_kl over k < l. */
typedef struct {
    double aa, bb, ab;
} products;

typedef enum { LOADING, SCALING, MEASURING, DONE } dcor_stage;

struct dcor {
    matrix     x; /* borrowed */
    cloud      a; /* rows of the matrix */
    cloud      b; /* points of the map */
    uint32_t  *rows;
    uint32_t   m;
    dcor_stage stage;
    uint32_t   k, l; /* the next row, or pair of rows */
    products   all;  /* of finished rows k */
    products   row;  /* of row k so far */
    double     value;
};

static uint32_t padded(uint32_t d) {
    return d + (LANES - d % LANES) % LANES;
}

static size_t layout(dcor **c, void *base, uint32_t d, uint32_t m) {
    mem_layout l = {base, 0};
    dcor      *object = mem_part(&l, 1, sizeof *object);
    uint32_t  *rows = mem_part(&l, m, sizeof *rows);
    double    *from_a = mem_part(&l, m, sizeof *from_a);
    double    *from_b = mem_part(&l, m, sizeof *from_b);
    float     *b = mem_part(&l, m, LANES * sizeof *b);
    size_t     bytes;
    mem_mul(&bytes, padded(d), sizeof(float));
    float *a = mem_part(&l, m, bytes);
    if (base != NULL) {
        object->rows = rows;
        object->a = (cloud){a, from_a, padded(d), 0.0f};
        object->b = (cloud){b, from_b, LANES, 0.0f};
        *c = object;
    }
    return l.size;
}

size_t dcor_bytes(uint32_t d, uint32_t m) {
    return layout(NULL, NULL, d, m);
}

static void finish(dcor *c, double value) {
    c->stage = DONE;
    c->value = value;
}

status dcor_new(dcor **out, const matrix *x, const float *positions, const uint32_t *rows,
                uint32_t m) {
    *out = NULL;
    for (uint32_t i = 0; i < m; i++) {
        if (rows[i] >= x->n) {
            return STATUS_BAD_SHAPE;
        }
    }
    const size_t size = dcor_bytes(x->d, m);
    void        *base = size == SIZE_MAX ? NULL : mem_alloc(size);
    if (base == NULL) {
        return STATUS_NO_MEMORY;
    }
    dcor *c = NULL;
    layout(&c, base, x->d, m);
    c->x = *x;
    c->m = m;
    for (uint32_t i = 0; i < m; i++) {
        c->rows[i] = rows[i];
        c->b.points[(size_t)i * LANES] = positions[(size_t)i * 2];
        c->b.points[(size_t)i * LANES + 1] = positions[(size_t)i * 2 + 1];
    }
    if (m < FEWEST_ROWS) {
        finish(c, (double)NAN);
    }
    *out = c;
    return STATUS_OK;
}

void dcor_free(dcor *c) {
    mem_free(c);
}

static float *point_of(const cloud *o, uint32_t i) {
    return o->points + (size_t)i * o->stride;
}

/* Rows that a unit may load or scale, and pairs whose distance it may take. */
static uint32_t steps_a_unit(const dcor *c) {
    const uint32_t rows = UNIT_WORK / (c->a.stride + PAIR_WORK);
    return rows > 0 ? rows : 1;
}

/* ---------------------------------------------------------------- the points */

/* False when a number is not finite. */
static bool look_at(cloud *o, uint32_t i) {
    const float *p = point_of(o, i);
    bool         finite = true;
    for (uint32_t j = 0; j < o->stride; j++) {
        const float size = fabsf(p[j]);
        finite = finite && size <= FLT_MAX;
        o->largest = size > o->largest ? size : o->largest;
    }
    return finite;
}

static void load_rows(dcor *c) {
    for (uint32_t left = steps_a_unit(c); left > 0 && c->k < c->m; left--, c->k++) {
        matrix_row(&c->x, c->rows[c->k], point_of(&c->a, c->k));
        const bool finite_a = look_at(&c->a, c->k);
        const bool finite_b = look_at(&c->b, c->k);
        if (!finite_a || !finite_b) {
            finish(c, (double)NAN);
            return;
        }
    }
    if (c->k == c->m) {
        c->stage = SCALING;
        c->k = 0;
    }
}

/* The power of two that brings the largest value of a cloud into [1/2, 1). */
static double scale_of(const cloud *o) {
    double factor = 1.0;
    while ((double)o->largest * factor >= 1.0) {
        factor *= 0.5;
    }
    while ((double)o->largest * factor < 0.5) {
        factor *= 2.0;
    }
    return factor;
}

static void scale_point(const cloud *o, uint32_t i, double factor) {
    float *p = point_of(o, i);
    for (uint32_t j = 0; j < o->stride; j++) {
        p[j] = (float)((double)p[j] * factor);
    }
}

/* A squared distance of huge or tiny floats would leave their range. The value does not depend on the
 * scale of either side, and a power of two changes no digit. */
static void scale_rows(dcor *c) {
    if (c->a.largest == 0.0f || c->b.largest == 0.0f) {
        finish(c, (double)NAN);
        return;
    }
    const double a = scale_of(&c->a);
    const double b = scale_of(&c->b);
    for (uint32_t left = steps_a_unit(c); left > 0 && c->k < c->m; left--, c->k++) {
        scale_point(&c->a, c->k, a);
        scale_point(&c->b, c->k, b);
    }
    if (c->k == c->m) {
        c->stage = MEASURING;
        c->k = 0;
        c->l = 1;
    }
}

/* ---------------------------------------------------------------- the distances */

#define AT_ONCE 4u

/* Distances of point k to `count` points from l on, AT_ONCE or fewer. */
static void distances(const cloud *o, uint32_t k, uint32_t l, uint32_t count, double *out) {
    float squared[AT_ONCE];
    if (count == AT_ONCE) {
        vec_squared_distances4(point_of(o, k), point_of(o, l), o->stride, o->stride, squared);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            squared[i] = vec_squared_distance(point_of(o, k), point_of(o, l + i), o->stride);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i] = sqrt((double)squared[i]);
    }
}

/* dCov^2 of two sides, given the sum of a_kl b_kl over k < l; never below 0, where rounding alone leads. */
static double covariance(const dcor *c, const cloud *a, const cloud *b, double product) {
    const double m = (double)c->m;
    double       sum_a = 0.0;
    double       sum_b = 0.0;
    double       of_rows = 0.0;
    for (uint32_t k = 0; k < c->m; k++) {
        sum_a += a->distances[k];
        sum_b += b->distances[k];
        of_rows += a->distances[k] * b->distances[k];
    }
    const double s1 = 2.0 * product / (m * m);
    const double s2 = sum_a / (m * m) * (sum_b / (m * m));
    const double s3 = of_rows / (m * m * m);
    const double squared = s1 + s2 - 2.0 * s3;
    return squared > 0.0 ? squared : 0.0;
}

static double value_of(const dcor *c) {
    const double of_a = covariance(c, &c->a, &c->a, c->all.aa);
    const double of_b = covariance(c, &c->b, &c->b, c->all.bb);
    if (!(of_a > 0.0) || !(of_b > 0.0)) {
        return (double)NAN;
    }
    const double squared = covariance(c, &c->a, &c->b, c->all.ab) / (sqrt(of_a) * sqrt(of_b));
    return squared < 1.0 ? sqrt(squared) : 1.0;
}

static void end_row(dcor *c) {
    c->all.aa += c->row.aa;
    c->all.bb += c->row.bb;
    c->all.ab += c->row.ab;
    c->row = (products){0};
    c->k++;
    c->l = c->k + 1;
    if (c->l == c->m) {
        finish(c, value_of(c));
    }
}

static void add_pair(dcor *c, double a, double b) {
    c->a.distances[c->k] += a;
    c->a.distances[c->l] += a;
    c->b.distances[c->k] += b;
    c->b.distances[c->l] += b;
    c->row.aa += a * a;
    c->row.bb += b * b;
    c->row.ab += a * b;
    c->l++;
}

static void measure_pairs(dcor *c) {
    uint32_t left = steps_a_unit(c);
    while (left > 0 && c->stage == MEASURING) {
        const uint32_t to_end = c->m - c->l;
        const uint32_t most = left < AT_ONCE ? left : AT_ONCE;
        const uint32_t count = to_end < most ? to_end : most;
        double         a[AT_ONCE];
        double         b[AT_ONCE];
        distances(&c->a, c->k, c->l, count, a);
        distances(&c->b, c->k, c->l, count, b);
        for (uint32_t i = 0; i < count; i++) {
            add_pair(c, a[i], b[i]);
        }
        left -= count;
        if (c->l == c->m) {
            end_row(c);
        }
    }
}

void dcor_step(dcor *c, uint32_t units) {
    for (; units > 0 && c->stage != DONE; units--) {
        switch (c->stage) {
            case LOADING: load_rows(c); break;
            case SCALING: scale_rows(c); break;
            default: measure_pairs(c); break;
        }
    }
}

bool dcor_done(const dcor *c) {
    return c->stage == DONE;
}

double dcor_value(const dcor *c) {
    assert(c->stage == DONE);
    return c->value;
}
