/* ae_fit.c: the life of a fit: its parameters, which rows it visits, what it claims, what it tells. */
#include "models/ae.h"

#include "base/mem.h"
#include "base/rowbits.h"
#include "models/ae_fit_internal.h"

#include <math.h>
#include <string.h>

#define HELDOUT_SAMPLE    2000u /* held-out rows evaluated at the end of an epoch, at most */
#define MOST_BATCHES      (UINT32_MAX / 4096u) /* of an epoch with a selection */
#define KIND_SAMPLE       1000u                /* selected rows, and other rows, likewise */
#define KIND_SAMPLE_LEAST 256u                 /* of these, however short the epoch is */

/* ---------------------------------------------------------------- parameters */

void ae_fit_params_default(ae_fit_params *p) {
    *p = (ae_fit_params){
        .epochs = 20, .batch = 128, .learning_rate = 1e-3f, .seed = 1, .focus = 1.0f};
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
                          .seed = UINT32_MAX,
                          .focus = 1.0f,
                          .steps = UINT32_MAX};
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
        true, /* any seed */
        within(p->focus, lo.focus, hi.focus),
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
static size_t lay_out(ae_fit *f, const mlp_shape *s, uint32_t n_rows, bool weights, bool selection,
                      void *base) {
    mem_layout     l = {base, 0};
    const uint32_t batch = min_u32(f->params.batch, n_rows > 0 ? n_rows : 1);
    const uint32_t kinds = selection ? 2u * min_u32(n_rows, KIND_SAMPLE) : 0u;
    f->visit = mem_part(&l, n_rows, sizeof(uint32_t));
    f->probe = mem_part(&l, min_u32(n_rows, HELDOUT_SAMPLE) + kinds, sizeof(uint32_t));
    f->weight = weights ? mem_part(&l, n_rows, sizeof(float)) : NULL;
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
} heldout_rule;

static heldout_rule heldout_rule_of(const ae *m, float fraction, uint32_t n) {
    return (heldout_rule){rng_permutation_of(m->params.seed, RNG_HELDOUT, 0, n),
                          (uint32_t)((double)fraction * (double)n + 0.5)};
}

static bool is_heldout(const heldout_rule *rule, uint32_t row) {
    return rule->count > 0 && rng_permute(&rule->order, row) < rule->count;
}

void ae_heldout(const ae *m, float fraction, uint32_t n, uint32_t *bits) {
    const heldout_rule rule = heldout_rule_of(m, fraction, n);
    memset(bits, 0, rowbits_words(n) * sizeof(uint32_t));
    for (uint32_t row = 0; row < n; row++) {
        if (is_heldout(&rule, row)) {
            rowbits_add(bits, row);
        }
    }
}

uint32_t ae_fit_batches(float focus, uint32_t batch, uint32_t s, uint32_t r) {
    const double share = r == 0 ? 1.0 : (double)focus;
    const double exact =
        share > 0.0 ? (double)s / (share * (double)batch) : (double)r / (double)batch;
    /* A focus such as 0.7 is a little less than that as a float: 896 / (0.7 * 128) must stay 10. */
    const double up = ceil(exact * (1.0 - 1.2e-7));
    return up < 1.0 ? 1u : up > 4294967295.0 ? UINT32_MAX : (uint32_t)up;
}

/* What is asked for, and the rule that says which of it is never trained on. */
typedef struct {
    const uint32_t *rows;
    uint32_t        n_rows;
    const float    *weights;
    const uint32_t *selection;
    heldout_rule    heldout;
} row_choice;

/* Appends the rows that may be visited: all, or those inside or outside the selection. */
static void append_visits(ae_fit *f, const row_choice *c, bool selected) {
    for (uint32_t i = 0; i < c->n_rows; i++) {
        const uint32_t row = c->rows != NULL ? c->rows[i] : i;
        const bool     in = c->selection == NULL || rowbits_has(c->selection, row) == selected;
        if (!in || is_heldout(&c->heldout, row)) {
            continue;
        }
        if (c->weights != NULL) {
            f->weight[f->n_visit] = c->weights[row];
        }
        f->visit[f->n_visit++] = row;
    }
}

/* Of n rows an evenly spread sample of at most `most`, in their order. */
static void append_probes(ae_fit *f, uint32_t kind, const uint32_t *rows, uint32_t n,
                          uint32_t most) {
    const uint32_t wanted = min_u32(n, most);
    uint32_t      *end = &f->probe_end[kind];
    for (uint32_t i = 0; i < wanted; i++) {
        f->probe[(*end)++] = rows[(uint32_t)((uint64_t)i * n / wanted)];
    }
}

/* Held-out rows are those of the whole table, so that their loss stays comparable from fit to fit; of more than
 * HELDOUT_SAMPLE an evenly spread sample in row order. */
static void probe_heldout(ae_fit *f, const heldout_rule *rule) {
    for (uint32_t row = 0; row < f->x.n; row++) {
        f->all_heldout += is_heldout(rule, row) ? 1u : 0u;
    }
    const uint32_t wanted = min_u32(f->all_heldout, HELDOUT_SAMPLE);
    uint32_t       seen = 0;
    uint32_t      *end = &f->probe_end[PROBE_HELDOUT];
    for (uint32_t row = 0; row < f->x.n && *end < wanted; row++) {
        if (is_heldout(rule, row)) {
            if ((uint64_t)seen * wanted / f->all_heldout >= *end) {
                f->probe[(*end)++] = row;
            }
            seen++;
        }
    }
    f->probe_end[PROBE_SELECTION] = f->probe_end[PROBE_REST] = *end;
}

/* How many rows of each kind a batch takes, and what their losses weigh. */
static void share_out(ae_fit *f) {
    const uint32_t others = f->n_visit - f->n_selected;
    float          focus = others == 0 ? 1.0f : f->params.focus;
    uint32_t       batch = min_u32(f->params.batch, f->n_visit);
    if (focus >= 1.0f) {
        batch = min_u32(batch, f->n_selected);
    } else if (focus <= 0.0f) {
        batch = min_u32(batch, others);
    }
    uint32_t k = (uint32_t)((double)focus * (double)batch + 0.5);
    k = k == 0 && focus > 0.0f ? 1u : k == batch && focus < 1.0f ? batch - 1u : k;
    f->params.focus = focus;
    f->params.batch = batch;
    f->in_batch = k;
    const double b = (double)batch;
    f->kind_weight[0] = k > 0 ? (float)((double)focus * b / (double)k) : 0.0f;
    f->kind_weight[1] = k < batch ? (float)((1.0 - (double)focus) * b / (double)(batch - k)) : 0.0f;
    /* A batch has at most 4,096 rows: the product fits. */
    const uint32_t batches = ae_fit_batches(focus, batch, f->n_selected, others);
    f->epoch_rows = min_u32(batches, MOST_BATCHES) * batch;
}

static status choose_rows(ae_fit *f, const row_choice *c) {
    append_visits(f, c, true);
    f->stratified = c->selection != NULL;
    f->n_selected = f->stratified ? f->n_visit : 0;
    if (f->stratified) {
        append_visits(f, c, false);
    }
    probe_heldout(f, &c->heldout);
    const uint32_t others = f->n_visit - f->n_selected;
    if (f->n_visit == 0 || (f->stratified && f->params.focus > 0.0f && f->n_selected == 0) ||
        (f->stratified && f->params.focus <= 0.0f && others == 0)) {
        return STATUS_BAD_SHAPE;
    }
    if (!f->stratified) {
        f->params.batch = min_u32(f->params.batch, f->n_visit);
        f->epoch_rows = f->n_visit;
        return STATUS_OK;
    }
    share_out(f);
    const uint32_t quarter = f->epoch_rows / 4u;
    const uint32_t most =
        quarter < KIND_SAMPLE_LEAST ? KIND_SAMPLE_LEAST : min_u32(quarter, KIND_SAMPLE);
    append_probes(f, PROBE_SELECTION, f->visit, f->n_selected, most);
    f->probe_end[PROBE_REST] = f->probe_end[PROBE_SELECTION];
    append_probes(f, PROBE_REST, f->visit + f->n_selected, others, most);
    return STATUS_OK;
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
                  const uint32_t *selection) {
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
    if (selection != NULL && p->focus > 0.0f && p->focus < 1.0f && p->batch < 2) {
        f->params.batch = 2; /* a row of each kind */
    }
    const row_choice choice = {.rows = rows,
                               .n_rows = rows != NULL ? n_rows : x->n,
                               .weights = weights,
                               .selection = selection,
                               .heldout = heldout_rule_of(m, p->heldout, x->n)};
    /* Held-out rows come from the whole table, even when few rows are visited. */
    const uint32_t room = choice.n_rows > x->n ? choice.n_rows : x->n;
    const bool     weighted = weights != NULL;
    f->arena = mem_alloc(lay_out(f, &m->shape, room, weighted, selection != NULL, NULL));
    if (f->arena == NULL) {
        mem_free(f);
        return STATUS_NO_MEMORY;
    }
    lay_out(f, &m->shape, room, weighted, selection != NULL, f->arena);
    const status s = choose_rows(f, &choice);
    if (s != STATUS_OK) {
        ae_fit_free(f);
        return s;
    }
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
    const uint32_t batches = (f->epoch_rows + f->params.batch - 1) / f->params.batch;
    uint64_t       total = (uint64_t)batches * f->params.epochs;
    if (f->params.steps > 0 && f->params.steps < total) {
        total = f->params.steps;
    }
    out->stage = 0;
    out->total = total > UINT32_MAX ? UINT32_MAX : (uint32_t)total;
    out->done = f->steps > out->total ? out->total : f->steps;
    memcpy(out->loss, f->loss, sizeof out->loss);
}

uint32_t ae_fit_epoch(const ae_fit *f) {
    return f->epoch;
}

double ae_fit_rows_trained(const ae_fit *f) {
    return f->rows_trained;
}

uint32_t ae_fit_rows(const ae_fit *f) {
    return f->epoch_rows;
}

uint32_t ae_fit_heldout_rows(const ae_fit *f) {
    return f->all_heldout;
}

status ae_fit_set_learning_rate(ae_fit *f, uint32_t after, float learning_rate) {
    ae_fit_params p = f->params;
    uint32_t      field;
    p.learning_rate = learning_rate;
    TRY(ae_fit_params_check(&p, &field));
    if (after <= f->steps) {
        return STATUS_BAD_PARAM;
    }
    while (f->n_rates > 0 && f->rates[f->n_rates - 1].after >= after) {
        f->n_rates--;
    }
    if (f->n_rates == AE_FIT_RATES) {
        return STATUS_TOO_LARGE;
    }
    f->rates[f->n_rates++] = (rate_change){after, learning_rate};
    return STATUS_OK;
}
