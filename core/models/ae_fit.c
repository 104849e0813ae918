/* ae_fit.c: training as a small program that is stepped.
 *
 * A batch is a list of operations (gather, one dense pass after another, loss, ...), each a number of
 * independent blocks. A unit of work runs as many blocks as fit its budget, so that a call's time does
 * not depend on the size of the model; where the list stands between two calls is all the state there
 * is. Weights move in the last operations only: a batch may be dropped until then. */
#include "models/ae.h"

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "math/vec.h"
#include "models/ae_internal.h"
#include "nn/act.h"
#include "nn/loss.h"

#include <math.h>
#include <string.h>

#define UNIT_WORK       32000000u /* multiply-adds of a unit: 1-2 ms at 20 GMAC/s */
#define OPERATION_WORK  20000u    /* what starting an operation costs, in multiply-adds */
#define ROWS_PER_BLOCK  16u       /* of the operations that go row by row */
#define GUARD_FLOATS    262144u   /* copied by one block of the guard */
#define HELDOUT_SAMPLE  2000u     /* held-out rows evaluated at the end of an epoch, at most */
#define RUNAWAY         1e4       /* times the first loss: past it the numbers have run away */
#define MIN_IMPROVEMENT 1e-3      /* relative; less does not count as better held-out loss */

enum { GROUP_REST = 0, GROUP_SELECTION = 1, GROUP_HELDOUT = 2 };

typedef enum {
    OP_GATHER, /* rows of the table to a[0], targets, noise */
    OP_DENSE,  /* one pass of one layer */
    OP_LOSS,   /* loss of each row, gradient of the output */
    OP_GUARD,  /* copies the weights that have just given a sane loss */
    OP_KINDS
} op_kind;

typedef struct {
    uint8_t kind, pass, layer;
} operation;

#define MAX_OPERATIONS (MLP_MAX_LAYERS * DENSE_PASSES + 4u)

struct ae_fit {
    ae           *model;
    matrix        x;
    ae_fit_params params;
    void         *arena;

    uint32_t  n_visit;   /* rows visited an epoch */
    uint32_t  n_heldout; /* rows evaluated at the end of an epoch */
    uint32_t  all_heldout;
    uint32_t *visit;   /* (n_visit) row ids */
    uint32_t *heldout; /* (n_heldout) row ids */
    float    *weight;  /* (n_visit) loss weights, or NULL */
    uint8_t  *group;   /* (n_visit) GROUP_REST or GROUP_SELECTION, or NULL */

    mlp_pass  pass;
    float    *target;      /* (batch, stride of d) clean inputs; NULL without noise */
    uint32_t *batch_index; /* (batch) places in visit, or in heldout */
    double   *row_loss;    /* (batch) mean over features, unweighted */
    double   *row_square;  /* (batch) mean square of the target */
    float    *guard;       /* (3, shape.floats) weights and moments at the start of the epoch */
    uint32_t  guard_steps, guard_epochs;

    operation ops[MAX_OPERATIONS];
    uint32_t  n_ops;
    uint32_t  n_forward;  /* ops[0 .. n_forward) evaluate; the rest trains */
    uint32_t  first_move; /* ops from here on move weights */

    /* Where the program stands. */
    uint32_t        op, block;
    bool            evaluating; /* of held-out rows, at the end of an epoch */
    uint32_t        epoch;      /* finished */
    uint32_t        first;      /* of the batch, in the order of the epoch (or in heldout) */
    uint32_t        rows;       /* of the batch */
    rng_permutation order;
    adam_step       step;

    /* Sums over the epoch, and what the last one gave. */
    double   sum_train, sum_selection, sum_rest, sum_heldout;
    uint32_t n_selection, n_rest;
    double   batch_loss; /* summed over the rows of the batch at hand */
    double   rows_trained;
    double
        reference; /* the loss against which a later one has run away; 0 before the first batch */
    double   best_heldout;
    uint32_t epochs_without_better;
    uint32_t ended_by;
    float    loss[8];
};

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

static void add_op(ae_fit *f, op_kind kind, dense_pass pass, uint32_t layer) {
    f->ops[f->n_ops++] = (operation){(uint8_t)kind, (uint8_t)pass, (uint8_t)layer};
}

static void write_program(ae_fit *f) {
    const uint32_t layers = f->model->shape.n_layers;
    f->n_ops = 0;
    add_op(f, OP_GATHER, 0, 0);
    for (uint32_t l = 0; l < layers; l++) {
        add_op(f, OP_DENSE, DENSE_PACK_X, l);
        add_op(f, OP_DENSE, DENSE_FORWARD, l);
    }
    add_op(f, OP_LOSS, 0, 0);
    f->n_forward = f->n_ops;
    add_op(f, OP_GUARD, 0, 0);
    /* All gradients of activations first, with the weights as they were; then every weight moves. */
    for (uint32_t l = layers; l-- > 1;) {
        add_op(f, OP_DENSE, DENSE_PACK_DY, l);
        add_op(f, OP_DENSE, DENSE_PACK_W, l);
        add_op(f, OP_DENSE, DENSE_INPUTS, l);
    }
    f->first_move = f->n_ops;
    for (uint32_t l = layers; l-- > 0;) {
        add_op(f, OP_DENSE, DENSE_PACK_X_T, l);
        add_op(f, OP_DENSE, DENSE_PACK_DY_T, l);
        add_op(f, OP_DENSE, DENSE_WEIGHTS, l);
    }
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

static void start_epoch(ae_fit *f);

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
    write_program(f);
    start_epoch(f);
    *out = f;
    return STATUS_OK;
}

void ae_fit_free(ae_fit *f) {
    if (f != NULL) {
        mem_free(f->arena);
        mem_free(f);
    }
}

/* ---------------------------------------------------------------- the operations' blocks */

typedef struct {
    ae_fit  *fit;
    uint32_t offset;
} fit_blocks;

static uint32_t rows_end(const ae_fit *f, uint32_t block) {
    return min_u32(f->rows, (block + 1) * ROWS_PER_BLOCK);
}

static const float *target_row(const ae_fit *f, uint32_t b) {
    /* A held-out batch is never noisy: its inputs are its targets. */
    const float *from = f->target != NULL && !f->evaluating ? f->target : f->pass.a[0];
    return from + (size_t)b * dense_stride(f->x.d);
}

static void gather_block(void *ctx, uint32_t block) {
    const fit_blocks *c = ctx;
    ae_fit           *f = c->fit;
    const uint32_t    stride = dense_stride(f->x.d);
    block += c->offset;
    for (uint32_t b = block * ROWS_PER_BLOCK; b < rows_end(f, block); b++) {
        float *to = f->pass.a[0] + (size_t)b * stride;
        if (f->evaluating) {
            const bool in_heldout = f->n_heldout > 0;
            matrix_row(&f->x, in_heldout ? f->heldout[f->first + b] : f->visit[f->first + b], to);
            continue;
        }
        const uint32_t index = rng_permute(&f->order, f->first + b);
        f->batch_index[b] = index;
        matrix_row(&f->x, f->visit[index], to);
        if (f->target != NULL) {
            memcpy(f->target + (size_t)b * stride, to, f->x.d * sizeof(float));
            for (uint32_t j = 0; j < f->x.d; j++) {
                to[j] += f->params.noise *
                         rng_normal(f->params.seed, RNG_NOISE, f->model->steps, b * f->x.d + j);
            }
        }
    }
}

static void loss_block(void *ctx, uint32_t block) {
    const fit_blocks *c = ctx;
    ae_fit           *f = c->fit;
    const ae         *m = f->model;
    const uint32_t    last = m->shape.n_layers;
    const uint32_t    d = f->x.d;
    const uint32_t    stride = dense_stride(d);
    block += c->offset;
    for (uint32_t b = block * ROWS_PER_BLOCK; b < rows_end(f, block); b++) {
        const float *y = f->pass.a[last] + (size_t)b * stride;
        const float *t = target_row(f, b);
        float       *slope = f->evaluating ? NULL : f->pass.delta[last] + (size_t)b * stride;
        float        scale = 1.0f / ((float)f->rows * (float)d);
        if (!f->evaluating && f->weight != NULL) {
            scale *= f->weight[f->batch_index[b]];
        }
        const float sum = m->params.loss == AE_LOSS_BCE ? loss_bce(y, t, d, scale, slope)
                                                        : loss_mse(y, t, d, scale, slope);
        f->row_loss[b] = (double)sum / (double)d;
        if (!f->evaluating) {
            if (f->reference == 0.0) {
                f->row_square[b] = (double)vec_dot(t, t, d) / (double)d;
            }
            act_backward(m->shape.activation[last - 1], y, slope, stride);
        }
    }
}

static float *guarded(const ae *m, uint32_t i) {
    return i == 0 ? m->w : i == 1 ? m->m : m->v;
}

static void guard_block(void *ctx, uint32_t block) {
    const fit_blocks *c = ctx;
    const ae_fit     *f = c->fit;
    const size_t      floats = f->model->shape.floats;
    const size_t      first = (size_t)(block + c->offset) * GUARD_FLOATS;
    const size_t      n = floats - first < GUARD_FLOATS ? floats - first : GUARD_FLOATS;
    for (uint32_t i = 0; i < 3; i++) {
        memcpy(f->guard + i * floats + first, guarded(f->model, i) + first, n * sizeof(float));
    }
}

static void restore_guard(ae_fit *f) {
    const size_t floats = f->model->shape.floats;
    for (uint32_t i = 0; i < 3; i++) {
        memcpy(guarded(f->model, i), f->guard + i * floats, floats * sizeof(float));
    }
    f->model->steps = f->guard_steps;
    f->model->epochs = f->guard_epochs;
}

/* ---------------------------------------------------------------- the program */

static uint32_t op_blocks(const ae_fit *f, const operation *o, const dense_layer *layer) {
    switch (o->kind) {
        case OP_DENSE: return dense_blocks((dense_pass)o->pass, layer, f->rows);
        case OP_GUARD:
            /* Only in the first batch of an epoch, once its loss was found sane. */
            return f->first > 0
                       ? 0
                       : (uint32_t)((f->model->shape.floats + GUARD_FLOATS - 1) / GUARD_FLOATS);
        default: return (f->rows + ROWS_PER_BLOCK - 1) / ROWS_PER_BLOCK;
    }
}

static uint64_t op_block_work(const ae_fit *f, const operation *o, const dense_layer *layer) {
    const uint64_t row = (uint64_t)ROWS_PER_BLOCK * f->x.d;
    switch (o->kind) {
        case OP_DENSE: return dense_block_work((dense_pass)o->pass, layer, f->rows);
        case OP_GUARD: return 16u * (uint64_t)GUARD_FLOATS;
        case OP_GATHER: return row * (f->target != NULL ? 200u : 8u);
        default: return row * 40u;
    }
}

static void run_blocks(ae_fit *f, const operation *o, const dense_layer *layer, uint32_t n) {
    fit_blocks c = {f, f->block};
    switch (o->kind) {
        case OP_GATHER: par_for(n, gather_block, &c); break;
        case OP_LOSS: par_for(n, loss_block, &c); break;
        case OP_GUARD: par_for(n, guard_block, &c); break;
        default: {
            mlp_blocks b = {(dense_pass)o->pass, {layer, &f->step, NULL, f->rows}, f->block};
            par_for(n, mlp_block, &b);
        }
    }
}

static void start_batch(ae_fit *f, uint32_t first, uint32_t of) {
    f->op = 0;
    f->block = 0;
    f->first = first;
    f->rows = min_u32(f->pass.capacity, of - first);
    if (!f->evaluating) {
        f->rows = min_u32(f->params.batch, of - first);
        f->step =
            adam_step_of(f->model->steps + 1, f->params.learning_rate, f->params.weight_decay);
    }
}

static void start_epoch(ae_fit *f) {
    f->evaluating = false;
    f->sum_train = f->sum_selection = f->sum_rest = f->sum_heldout = 0.0;
    f->n_selection = f->n_rest = 0;
    /* Addressed by the model's own count, so that a second fit goes on in a new order. */
    f->order = rng_permutation_of(f->params.seed, RNG_SHUFFLE, f->model->epochs, f->n_visit);
    start_batch(f, 0, f->n_visit);
}

static uint32_t evaluated_rows(const ae_fit *f) {
    return f->n_heldout > 0 ? f->n_heldout : f->params.batch;
}

static status diverged(ae_fit *f) {
    restore_guard(f);
    f->ended_by = AE_FIT_DIVERGED;
    f->op = 0;
    f->block = 0;
    return STATUS_NOT_FINITE;
}

/* After OP_LOSS: the batch's loss, added up in row order; stops when the numbers have run away. */
static status after_loss(ae_fit *f) {
    double batch = 0.0;
    double square = 0.0;
    for (uint32_t b = 0; b < f->rows; b++) {
        const uint32_t index = f->batch_index[b];
        const bool     weighted = !f->evaluating && f->weight != NULL;
        batch += weighted ? (double)f->weight[index] * f->row_loss[b] : f->row_loss[b];
        square += f->row_square[b];
    }
    const double mean = batch / (double)f->rows;
    if (f->reference == 0.0 && !f->evaluating) {
        /* Nothing has moved yet: without a sane loss here the guard is the model as it is. */
        f->reference = mean + square / (double)f->rows + 1.0;
        if (!(f->reference < (double)INFINITY)) {
            f->ended_by = AE_FIT_DIVERGED;
            return STATUS_NOT_FINITE;
        }
    }
    if (!(mean <= RUNAWAY * f->reference)) { /* also for NaN */
        return diverged(f);
    }
    f->batch_loss = batch;
    if (f->first == 0 && !f->evaluating) {
        f->guard_steps = f->model->steps;
        f->guard_epochs = f->model->epochs;
    }
    return STATUS_OK;
}

/* The batch is through and counts: not before, as it may still be dropped after its loss is known. */
static void count_batch(ae_fit *f) {
    if (f->evaluating) {
        f->sum_heldout += f->batch_loss;
        return;
    }
    f->model->steps++;
    f->rows_trained += (double)f->rows;
    f->sum_train += f->batch_loss;
    for (uint32_t b = 0; b < f->rows && f->group != NULL; b++) {
        if (f->group[f->batch_index[b]] == GROUP_SELECTION) {
            f->sum_selection += f->row_loss[b];
            f->n_selection++;
        } else {
            f->sum_rest += f->row_loss[b];
            f->n_rest++;
        }
    }
}

static void end_epoch(ae_fit *f) {
    f->loss[JOB_LOSS_TRAIN] = (float)(f->sum_train / (double)f->n_visit);
    f->loss[JOB_LOSS_SELECTION] =
        f->n_selection > 0 ? (float)(f->sum_selection / f->n_selection) : NAN;
    f->loss[JOB_LOSS_REST] = f->n_rest > 0 ? (float)(f->sum_rest / f->n_rest) : NAN;
    f->epoch++;
    f->model->epochs++;
    if (f->n_heldout > 0) {
        const double heldout = f->sum_heldout / (double)f->n_heldout;
        f->loss[JOB_LOSS_HELDOUT] = (float)heldout;
        if (heldout < f->best_heldout * (1.0 - MIN_IMPROVEMENT)) {
            f->best_heldout = heldout;
            f->epochs_without_better = 0;
        } else {
            f->epochs_without_better++;
        }
    }
    if (f->epoch >= f->params.epochs) {
        f->ended_by = AE_FIT_EPOCHS;
    } else if (f->params.patience > 0 && f->n_heldout > 0 &&
               f->epochs_without_better >= f->params.patience) {
        f->ended_by = AE_FIT_PLATEAU;
    } else {
        start_epoch(f);
    }
    f->op = 0;
    f->block = 0;
}

/* A batch is through. Gives true at the end of an epoch. */
static bool after_batch(ae_fit *f) {
    const uint32_t of = f->evaluating ? evaluated_rows(f) : f->n_visit;
    const uint32_t next = f->first + f->rows;
    count_batch(f);
    if (next < of) {
        start_batch(f, next, of);
        return false;
    }
    /* Held-out rows at the end of each epoch; without any, a batch of the trained ones at the very end,
     * so that no fit ends on weights whose loss nobody has seen. */
    if (!f->evaluating && (f->n_heldout > 0 || f->epoch + 1 >= f->params.epochs)) {
        f->evaluating = true;
        start_batch(f, 0, evaluated_rows(f));
        return false;
    }
    end_epoch(f);
    return true;
}

/* Runs one unit. *epoch_ended is set at the end of an epoch. */
static status run_unit(ae_fit *f, bool *epoch_ended) {
    uint64_t budget = UNIT_WORK;
    while (!*epoch_ended) {
        const operation  *o = &f->ops[f->op];
        const dense_layer layer =
            mlp_layer(&f->model->shape, &f->pass, o->layer, f->model->w, f->model->m, f->model->v);
        const uint32_t blocks = op_blocks(f, o, &layer);
        const uint64_t work = op_block_work(f, o, &layer) + 1u;
        const uint64_t fit = budget / work;
        uint32_t       n = blocks - f->block;
        if (fit < n) {
            n = fit > 0 ? (uint32_t)fit : 1;
        }
        run_blocks(f, o, &layer, n);
        f->block += n;
        if (f->block >= blocks) {
            f->block = 0;
            f->op++;
            if (o->kind == OP_LOSS) {
                TRY(after_loss(f));
            }
            if (f->op == (f->evaluating ? f->n_forward : f->n_ops)) {
                *epoch_ended = after_batch(f);
            }
        }
        const uint64_t used = work * n + OPERATION_WORK;
        if (used >= budget) {
            break;
        }
        budget -= used;
    }
    return STATUS_OK;
}

status ae_fit_step(ae_fit *f, uint32_t units) {
    bool epoch_ended = false;
    for (uint32_t u = 0; u < units && f->ended_by == AE_FIT_RUNNING && !epoch_ended; u++) {
        TRY(run_unit(f, &epoch_ended));
    }
    return STATUS_OK;
}

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

double ae_fit_gradient(ae_fit *f, const uint32_t *rows, uint32_t n_rows, float *gradient) {
    const ae *m = f->model;
    f->rows = n_rows;
    f->evaluating = false;
    for (uint32_t b = 0; b < n_rows; b++) {
        /* The place of the row among those visited: the gather would ask the permutation. */
        for (uint32_t i = 0; i < f->n_visit; i++) {
            f->batch_index[b] = f->visit[i] == rows[b] ? i : f->batch_index[b];
        }
        matrix_row(&f->x, rows[b], f->pass.a[0] + (size_t)b * dense_stride(f->x.d));
    }
    for (uint32_t i = 1; i < f->n_ops; i++) {
        const operation  *o = &f->ops[i];
        const dense_layer layer = mlp_layer(&m->shape, &f->pass, o->layer, m->w, m->m, m->v);
        if (o->kind == OP_LOSS) {
            fit_blocks c = {f, 0};
            par_for(op_blocks(f, o, &layer), loss_block, &c);
        } else if (o->kind == OP_DENSE) {
            mlp_blocks b = {
                (dense_pass)o->pass, {&layer, NULL, gradient + m->shape.w_at[o->layer], n_rows}, 0};
            par_for(dense_blocks(b.pass, &layer, n_rows), mlp_block, &b);
        }
    }
    double sum = 0.0;
    for (uint32_t b = 0; b < n_rows; b++) {
        sum += f->row_loss[b] * (f->weight != NULL ? (double)f->weight[f->batch_index[b]] : 1.0);
    }
    return sum / (double)n_rows;
}
