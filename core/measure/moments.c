#include "measure/moments.h"

#include "base/mem.h"
#include "base/rowbits.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define UNIT_VALUES 1000000u
#define PASSES      2u

/* One side. Arrays are (d). */
typedef struct {
    double  n;
    double *mean;      /* the sum, during the first pass */
    double *deviation; /* from the mean, summed: 0 but for rounding, which it takes back */
    double *square;    /* of the deviations, summed */
} side;

struct moments {
    matrix    x; /* borrowed */
    side      selected;
    side      rest;
    float    *row;  /* (d) */
    uint32_t *bits; /* rowbits_words(n) */
    uint32_t  pass;
    uint32_t  at; /* next row of the pass */
};

static void lay_out_side(mem_layout *l, side *s, uint32_t d) {
    s->mean = mem_part(l, d, sizeof(double));
    s->deviation = mem_part(l, d, sizeof(double));
    s->square = mem_part(l, d, sizeof(double));
}

static size_t layout(moments **m, void *base, uint32_t n, uint32_t d) {
    mem_layout l = {base, 0};
    moments   *object = mem_part(&l, 1, sizeof *object);
    moments    parts = {0};
    lay_out_side(&l, &parts.selected, d);
    lay_out_side(&l, &parts.rest, d);
    parts.row = mem_part(&l, d, sizeof *parts.row);
    parts.bits = mem_part(&l, rowbits_words(n), sizeof *parts.bits);
    if (base != NULL) {
        *object = parts;
        *m = object;
    }
    return l.size;
}

size_t moments_bytes(uint32_t n, uint32_t d) {
    return layout(NULL, NULL, n, d);
}

status moments_new(moments **out, const matrix *x, const uint32_t *bits) {
    *out = NULL;
    const size_t size = moments_bytes(x->n, x->d);
    void        *base = size == SIZE_MAX ? NULL : mem_alloc(size);
    if (base == NULL) {
        return STATUS_NO_MEMORY;
    }
    moments *m = NULL;
    layout(&m, base, x->n, x->d);
    m->x = *x;
    memcpy(m->bits, bits, (size_t)rowbits_words(x->n) * sizeof *bits);
    *out = m;
    return STATUS_OK;
}

void moments_free(moments *m) {
    mem_free(m);
}

static void add_row(side *s, const float *row, uint32_t d) {
    s->n += 1.0;
    for (uint32_t j = 0; j < d; j++) {
        s->mean[j] += (double)row[j];
    }
}

static void add_deviations(side *s, const float *row, uint32_t d) {
    for (uint32_t j = 0; j < d; j++) {
        const double from_mean = (double)row[j] - s->mean[j];
        s->deviation[j] += from_mean;
        s->square[j] += from_mean * from_mean;
    }
}

static void end_first_pass(side *s, uint32_t d) {
    for (uint32_t j = 0; j < d; j++) {
        s->mean[j] = s->n > 0.0 ? s->mean[j] / s->n : (double)NAN;
    }
}

static void end_second_pass(side *s, uint32_t d) {
    for (uint32_t j = 0; j < d && s->n > 0.0; j++) {
        const double left = s->deviation[j] / s->n;
        const double square = s->square[j] - s->deviation[j] * left;
        s->mean[j] += left;
        s->square[j] = square > 0.0 ? square : 0.0;
    }
}

static void end_pass(moments *m) {
    void (*const end)(side *, uint32_t) = m->pass == 0 ? end_first_pass : end_second_pass;
    end(&m->selected, m->x.d);
    end(&m->rest, m->x.d);
    m->pass++;
    m->at = 0;
}

static void step_rows(moments *m) {
    const uint32_t d = m->x.d;
    const uint32_t most = UNIT_VALUES / (d + 1) + 1;
    for (uint32_t left = most; left > 0 && m->at < m->x.n; left--, m->at++) {
        side *s = rowbits_has(m->bits, m->at) ? &m->selected : &m->rest;
        matrix_row(&m->x, m->at, m->row);
        if (m->pass == 0) {
            add_row(s, m->row, d);
        } else {
            add_deviations(s, m->row, d);
        }
    }
    if (m->at == m->x.n) {
        end_pass(m);
    }
}

void moments_step(moments *m, uint32_t units) {
    for (; units > 0 && !moments_done(m); units--) {
        step_rows(m);
    }
}

bool moments_done(const moments *m) {
    return m->pass == PASSES;
}

uint32_t moments_count(const moments *m) {
    assert(moments_done(m));
    return (uint32_t)m->selected.n;
}

static double effect_of(const side *s, const side *r, uint32_t j) {
    const double freedom = s->n + r->n - 2.0;
    if (s->n < 1.0 || r->n < 1.0 || freedom < 1.0) {
        return (double)NAN;
    }
    const double difference = s->mean[j] - r->mean[j];
    const double within = s->square[j] + r->square[j];
    if (!(within > 0.0) && !(fabs(difference) > 0.0)) {
        return (double)NAN; /* said, not computed: the sign of 0 / 0 is the machine's */
    }
    return difference / sqrt(within / freedom);
}

void moments_read(const moments *m, double *mean, double *rest_mean, double *effect) {
    assert(moments_done(m));
    for (uint32_t j = 0; j < m->x.d; j++) {
        mean[j] = m->selected.mean[j];
        rest_mean[j] = m->rest.mean[j];
        effect[j] = effect_of(&m->selected, &m->rest, j);
    }
}
