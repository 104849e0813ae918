/* ae_fit.c: the life of a fit: its parameters, which rows it visits, what it claims, what it tells. */
#include "models/ae.h"

#include "base/mem.h"
#include "models/ae_fit_internal.h"

#include <math.h>
#include <string.h>

#define HELDOUT_SAMPLE 2000u /* held-out rows evaluated at the end of an epoch, at most */

/* ---------------------------------------------------------------- parameters */

void ae_fit_params_default(ae_fit_params *p) {
    *p = (ae_fit_params){.epochs = 20, .batch = 128, .learning_rate = 1e-3f, .seed = 1};
}

void ae_fit_params_bounds(ae_fit_params *lo, ae_fit_params *hi) {
    *lo = (ae_fit_params){.epochs = 1, .batch = 1, .learning_rate = 1e-8f};
    *hi = (ae_fit_params){.epochs = 100000,
                          .batch = 4096,
                          .learning_rate = 1e9f,
                          .weight_decay = 1.0f,
                          .noise = 10.0f,
                          .heldout = 0.5f,
                          .patience = 100000,
                          .seed = UINT32_MAX};
}

static bool within(float value, float lo, float hi) {
    return value >= lo && value <= hi; /* false for NaN */
}

status ae_fit_params_check(const ae_fit_params *p, uint32_t *field) {
    ae_fit_params lo;
    ae_fit_params hi;
    ae_fit_params_bounds(&lo, &hi);
    const bool ok[] = {
        p->epochs >= lo.epochs && p->epochs <= hi.epochs,
        p->batch >= lo.batch && p->batch <= hi.batch,
        within(p->learning_rate, lo.learning_rate, hi.learning_rate),
        within(p->weight_decay, lo.weight_decay, hi.weight_decay),
        within(p->noise, lo.noise, hi.noise),
        within(p->heldout, lo.heldout, hi.heldout),
        p->patience <= hi.patience,
    };
    for (uint32_t i = 0; i < sizeof ok / sizeof ok[0]; i++) {
        if (!ok[i]) {
            *field = i;
            return STATUS_BAD_PARAM;
        }
    }
    return STATUS_OK;
}

/* ---------------------------------------------------------------- construction */

static uint32_t min_u32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* `n_rows` is the most rows that can be visited. */
static size_t lay_out(ae_fit *f, const mlp_shape *s, uint32_t n_rows, bool weights, bool groups,
                      void *base) {
    mem_layout     l = {base, 0};
    const uint32_t batch = min_u32(f->params.batch, n_rows > 0 ? n_rows : 1);
    f->visit = mem_part(&l, n_rows, sizeof(uint32_t));
    f->heldout = mem_part(&l, min_u32(n_rows, HELDOUT_SAMPLE), sizeof(uint32_t));
    f->weight = weights ? mem_part(&l, n_rows, sizeof(float)) : NULL;
    f->group = groups ? mem_part(&l, n_rows, sizeof(uint8_t)) : NULL;
    f->batch_index = mem_part(&l, batch, sizeof(uint32_t));
    f->row_loss = mem_part(&l, batch, sizeof(double));
    f->row_square = mem_part(&l, batch, sizeof(double));
    f->guard = mem_part(&l, s->floats, 3 * sizeof(float));
    const size_t row = dense_stride(s->width[0]) * sizeof(float);
    f->target = f->params.noise > 0.0f ? mem_part(&l, batch, row) : NULL;
    mlp_pass_layout(&l, &f->pass, s, batch, true);
    return l.size;
}

size_t ae_fit_bytes(const ae_params *p, uint32_t d, const ae_fit_params *q, uint32_t n) {
    ae_fit    f = {.params = *q};
    mlp_shape s;
    ae_shape(&s, p, d);
    size_t bytes = lay_out(&f, &s, n, false, false, NULL);
    mem_add(&bytes, bytes, sizeof(ae_fit));
    return bytes;
}

/* Row i of all n is held out when a permutation of the model's own takes it below the count: the same
 * rows in every fit of the model, whichever rows that fit visits. */
typedef struct {
    rng_permutation order;
    uint32_t        count;
    const uint8_t  *group;
} heldout_rule;

static heldout_rule heldout_rule_of(const ae *m, const ae_fit_params *p, const matrix *x,
                                    const uint8_t *group) {
    const uint32_t count = (uint32_t)((double)p->heldout * (double)x->n + 0.5);
    return (heldout_rule){rng_permutation_of(m->params.seed, RNG_HELDOUT, 0, x->n),
                          group == NULL ? count : 0, group};
}

static bool is_heldout(const heldout_rule *rule, uint32_t row) {
    if (rule->group != NULL) {
        return rule->group[row] == GROUP_HELDOUT;
    }
    return rule->count > 0 && rng_permute(&rule->order, row) < rule->count;
}

static void choose_rows(ae_fit *f, const uint32_t *rows, uint32_t n_rows, const float *weights,
                        const uint8_t *group) {
    const heldout_rule rule = heldout_rule_of(f->model, &f->params, &f->x, group);
    for (uint32_t i = 0; i < n_rows; i++) {
        const uint32_t row = rows != NULL ? rows[i] : i;
        if (is_heldout(&rule, row)) {
            continue;
        }
        if (weights != NULL) {
            f->weight[f->n_visit] = weights[row];
        }
        if (group != NULL) {
            f->group[f->n_visit] = group[row];
        }
        f->visit[f->n_visit++] = row;
    }
    /* Held-out rows are those of the whole table, so that the number stays comparable from fit to fit;
     * of more than HELDOUT_SAMPLE an evenly spread sample in row order. */
    for (uint32_t row = 0; row < f->x.n; row++) {
        f->all_heldout += is_heldout(&rule, row) ? 1u : 0u;
    }
    const uint32_t wanted = min_u32(f->all_heldout, HELDOUT_SAMPLE);
    uint32_t       seen = 0;
    for (uint32_t row = 0; row < f->x.n && f->n_heldout < wanted; row++) {
        if (is_heldout(&rule, row)) {
            if ((uint64_t)seen * wanted / f->all_heldout >= f->n_heldout) {
                f->heldout[f->n_heldout++] = row;
            }
            seen++;
        }
    }
}

static status check_inputs(const ae *m, const matrix *x, const uint32_t *rows, uint32_t n_rows,
                           const float *weights) {
    if (x->d != m->d || x->n == 0) {
        return STATUS_BAD_SHAPE;
    }
    for (uint32_t i = 0; rows != NULL && i < n_rows; i++) {
        if (rows[i] >= x->n) {
            return STATUS_BAD_SHAPE;
        }
    }
    for (uint32_t i = 0; weights != NULL && i < x->n; i++) {
        if (!within(weights[i], 0.0f, 1e30f)) {
            return STATUS_BAD_PARAM;
        }
    }
    return STATUS_OK;
}

status ae_fit_new(ae_fit **out, ae *m, const matrix *x, const ae_fit_params *p,
                  const uint32_t *rows, uint32_t n_rows, const float *weights,
                  const uint8_t *group) {
    uint32_t field;
    *out = NULL;
    TRY(ae_fit_params_check(p, &field));
    TRY(check_inputs(m, x, rows, n_rows, weights));
    ae_fit *f = mem_alloc(sizeof *f);
    if (f == NULL) {
        return STATUS_NO_MEMORY;
    }
    f->model = m;
    f->x = *x;
    f->params = *p;
    const uint32_t most = rows != NULL ? n_rows : x->n;
    /* Held-out rows come from the whole table, even when few rows are visited. */
    const uint32_t room = most > x->n ? most : x->n;
    const bool     weighted = weights != NULL;
    f->arena = mem_alloc(lay_out(f, &m->shape, room, weighted, group != NULL, NULL));
    if (f->arena == NULL) {
        mem_free(f);
        return STATUS_NO_MEMORY;
    }
    lay_out(f, &m->shape, room, weighted, group != NULL, f->arena);
    choose_rows(f, rows, most, weights, group);
    if (f->n_visit == 0) {
        ae_fit_free(f);
        return STATUS_BAD_SHAPE;
    }
    f->params.batch = min_u32(f->params.batch, f->n_visit);
    f->best_heldout = (double)INFINITY;
    for (uint32_t i = 0; i < 8; i++) {
        f->loss[i] = NAN;
    }
    ae_fit_begin(f);
    *out = f;
    return STATUS_OK;
}

void ae_fit_free(ae_fit *f) {
    if (f != NULL) {
        mem_free(f->arena);
        mem_free(f);
    }
}

/* ---------------------------------------------------------------- what it tells */

bool ae_fit_done(const ae_fit *f) {
    return f->ended_by != AE_FIT_RUNNING;
}

bool ae_fit_between_batches(const ae_fit *f) {
    /* Weights are whole until the first operation that moves them. */
    return f->evaluating || f->op < f->first_move || (f->op == f->first_move && f->block == 0);
}

bool ae_fit_abandon_batch(ae_fit *f) {
    if (!ae_fit_between_batches(f)) {
        return false;
    }
    f->op = 0;
    f->block = 0;
    return true;
}

uint32_t ae_fit_ended_by(const ae_fit *f) {
    return f->ended_by;
}

void ae_fit_progress(const ae_fit *f, job_progress *out) {
    const uint32_t batches = (f->n_visit + f->params.batch - 1) / f->params.batch;
    const uint64_t total = (uint64_t)batches * f->params.epochs;
    uint64_t       done = (uint64_t)batches * f->epoch;
    if (f->ended_by == AE_FIT_RUNNING) {
        done += f->evaluating ? batches : f->first / f->params.batch;
    }
    out->stage = 0;
    out->total = total > UINT32_MAX ? UINT32_MAX : (uint32_t)total;
    out->done = done > out->total ? out->total : (uint32_t)done;
    memcpy(out->loss, f->loss, sizeof out->loss);
}

uint32_t ae_fit_epoch(const ae_fit *f) {
    return f->epoch;
}

double ae_fit_rows_trained(const ae_fit *f) {
    return f->rows_trained;
}

uint32_t ae_fit_rows(const ae_fit *f) {
    return f->n_visit;
}

uint32_t ae_fit_heldout_rows(const ae_fit *f) {
    return f->all_heldout;
}

status ae_fit_set_learning_rate(ae_fit *f, float learning_rate) {
    ae_fit_params p = f->params;
    uint32_t      field;
    p.learning_rate = learning_rate;
    TRY(ae_fit_params_check(&p, &field));
    f->params.learning_rate = learning_rate;
    return STATUS_OK;
}
