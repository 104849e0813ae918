#include "table/synthetic.h"

#include "base/mem.h"
#include "base/rng.h"
#include "math/fmath.h"
#include "table/table_impl.h"

#include <string.h>

enum { BLOBS = 5, BLOB_COLUMNS = 8, MOST_COLUMNS = 8 };

#define CENTRES 0xFFFFFF00u /* addresses of the blobs' centres: past every row */
#define TWO_PI  6.28318530717958648f

struct synthetic {
    table   *t;
    uint32_t kind;
    uint32_t n;
    uint32_t seed;
    uint32_t row;
    uint32_t d; /* columns before the last */
};

static status add_named(table *t, const char *name) {
    column *unused;
    return table_add_column(t, (const uint8_t *)name, strlen(name), &unused);
}

status synthetic_new(synthetic **out, uint32_t kind, uint32_t n, uint32_t seed) {
    static const char *const labels[] = {"position", "blob", "ring", "position"};
    static const char *const names[] = {"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"};
    *out = NULL;
    if (kind > SYNTHETIC_TREFOIL || n == 0) {
        return STATUS_BAD_PARAM;
    }
    if (n > TABLE_MAX_ROWS) {
        return STATUS_TOO_LARGE;
    }
    synthetic *s = mem_alloc(sizeof *s);
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    s->kind = kind;
    s->n = n;
    s->seed = seed;
    s->d = kind == SYNTHETIC_BLOBS ? BLOB_COLUMNS : 3;
    status done = table_new(&s->t);
    for (uint32_t j = 0; done == STATUS_OK && j < s->d; j++) {
        done = add_named(s->t, names[j]);
    }
    if (done == STATUS_OK) {
        done = add_named(s->t, labels[kind]);
    }
    if (done != STATUS_OK) {
        synthetic_free(s);
        return done;
    }
    *out = s;
    return STATUS_OK;
}

void synthetic_free(synthetic *s) {
    if (s != NULL) {
        table_free(s->t);
        mem_free(s);
    }
}

static float uniform(const synthetic *s, uint32_t index, uint32_t draw) {
    return rng_uniform(s->seed, RNG_SYNTHETIC, index, draw);
}

static void add_noise(const synthetic *s, float *x, float sd) {
    for (uint32_t j = 0; j < s->d; j++) {
        x[j] += sd * rng_normal(s->seed, RNG_SYNTHETIC, s->row, 8 + j);
    }
}

/* One row; the label is a number, or a group counted from 0. */
static float make_row(const synthetic *s, float *x) {
    const uint32_t row = s->row;
    const float    u = uniform(s, row, 0);
    switch (s->kind) {
        case SYNTHETIC_SWISS_ROLL: {
            const float turns = 0.75f + 1.5f * u;
            x[0] = TWO_PI * turns * fmath_cos2pi(turns);
            x[1] = 21.0f * uniform(s, row, 1);
            x[2] = TWO_PI * turns * fmath_sin2pi(turns);
            return u;
        }
        case SYNTHETIC_BLOBS: {
            const uint32_t blob = rng_below(s->seed, RNG_SYNTHETIC, row, 0, BLOBS);
            for (uint32_t j = 0; j < s->d; j++) {
                x[j] = 20.0f * uniform(s, CENTRES + blob, j) - 10.0f;
            }
            add_noise(s, x, 1.0f);
            return (float)blob;
        }
        case SYNTHETIC_RINGS: {
            const bool upright = (rng_u32(s->seed, RNG_SYNTHETIC, row, 1) & 1u) != 0;
            x[0] = fmath_cos2pi(u) + (upright ? 1.0f : 0.0f);
            x[1] = upright ? 0.0f : fmath_sin2pi(u);
            x[2] = upright ? fmath_sin2pi(u) : 0.0f;
            add_noise(s, x, 0.03f);
            return upright ? 1.0f : 0.0f;
        }
        default:
            x[0] = fmath_sin2pi(u) + 2.0f * fmath_sin2pi(2.0f * u);
            x[1] = fmath_cos2pi(u) - 2.0f * fmath_cos2pi(2.0f * u);
            x[2] = -fmath_sin2pi(3.0f * u);
            add_noise(s, x, 0.03f);
            return u;
    }
}

static status put_label(synthetic *s, float value) {
    column *label = &s->t->columns[s->d];
    if (s->kind != SYNTHETIC_BLOBS && s->kind != SYNTHETIC_RINGS) {
        return column_put_number(label, s->row, (double)value);
    }
    uint8_t name[8];
    bool    unused;
    memcpy(name, s->kind == SYNTHETIC_BLOBS ? "blob 1" : "ring 1", 6);
    name[5] = (uint8_t)(name[5] + (uint8_t)value);
    return column_put_text(label, s->row, name, 6, &unused);
}

status synthetic_step(synthetic *s, uint32_t rows) {
    float x[MOST_COLUMNS] = {0};
    for (; rows > 0 && !synthetic_done(s); rows--, s->row++) {
        const float label = make_row(s, x);
        for (uint32_t j = 0; j < s->d; j++) {
            TRY(column_put_number(&s->t->columns[j], s->row, (double)x[j]));
        }
        TRY(put_label(s, label));
        hash_bytes(&s->t->hash, x, s->d * sizeof x[0]);
    }
    s->t->rows = s->row;
    s->t->fingerprint = hash_end(&s->t->hash);
    return STATUS_OK;
}

bool synthetic_done(const synthetic *s) {
    return s->row == s->n;
}

uint32_t synthetic_rows_done(const synthetic *s) {
    return s->row;
}

table *synthetic_take(synthetic *s) {
    table *t = s->t;
    s->t = NULL;
    return t;
}
