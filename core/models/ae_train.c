/* ae_train.c: training as a small program that is stepped.
 *
 * A batch is a list of operations (gather, one dense pass after another, loss, ...), each a number of
 * independent blocks. A unit of work runs as many blocks as fit its budget, so that a call's time does
 * not depend on the size of the model; where the list stands between two calls is all the state there
 * is. Weights move in the last operations only: a batch may be dropped until then. */
#include "models/ae.h"

#include "base/par.h"
#include "math/vec.h"
#include "models/ae_fit_internal.h"
#include "nn/act.h"
#include "nn/loss.h"

#include <math.h>
#include <string.h>

#define UNIT_WORK       32000000u /* multiply-adds of a unit: 1-2 ms at 20 GMAC/s */
#define OPERATION_WORK  20000u    /* what starting an operation costs, in multiply-adds */
#define ROWS_PER_BLOCK  16u       /* of the operations that go row by row */
#define GUARD_FLOATS    262144u   /* copied by one block of the guard */
#define RUNAWAY         1e4       /* times the first loss: past it the numbers have run away */
#define MIN_IMPROVEMENT 1e-3      /* relative; less does not count as better held-out loss */

static uint32_t min_u32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
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

uint32_t ae_fit_visit(const ae_fit *f, uint32_t b) {
    if (!f->stratified) {
        return rng_permute(&f->order, f->first + b);
    }
    /* Each kind goes on where its last batch ended, and begins again when it is through. */
    const uint64_t batch = f->first / f->params.batch;
    const uint32_t k = f->in_batch;
    if (b < k) {
        return rng_permute(&f->order, (uint32_t)((batch * k + b) % f->n_selected));
    }
    const uint64_t place = batch * (f->params.batch - k) + (b - k);
    const uint32_t others = f->n_visit - f->n_selected;
    return f->n_selected + rng_permute(&f->order_rest, (uint32_t)(place % others));
}

/* What the loss of row b of the batch at hand weighs. */
static float weight_of(const ae_fit *f, uint32_t b) {
    const float own = f->weight != NULL ? f->weight[f->batch_index[b]] : 1.0f;
    return f->stratified ? own * f->kind_weight[b < f->in_batch ? 0 : 1] : own;
}

static bool has_weights(const ae_fit *f) {
    return f->weight != NULL || f->stratified;
}

/* Row b of those evaluated: without any kind of them some of the visited ones. */
static uint32_t probe_of(const ae_fit *f, uint32_t b) {
    return f->probe_end[PROBE_REST] > 0 ? f->probe[f->first + b] : f->visit[f->first + b];
}

static void gather_block(void *ctx, uint32_t block) {
    const fit_blocks *c = ctx;
    ae_fit           *f = c->fit;
    const uint32_t    stride = dense_stride(f->x.d);
    block += c->offset;
    for (uint32_t b = block * ROWS_PER_BLOCK; b < rows_end(f, block); b++) {
        float *to = f->pass.a[0] + (size_t)b * stride;
        if (f->evaluating) {
            matrix_row(&f->x, probe_of(f, b), to);
            continue;
        }
        const uint32_t index = ae_fit_visit(f, b);
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
        if (!f->evaluating && has_weights(f)) {
            scale *= weight_of(f, b);
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

/* Takes the changes of the learning rate that are due before the next batch. */
static void take_rates(ae_fit *f) {
    uint32_t due = 0;
    while (due < f->n_rates && f->rates[due].after <= f->steps) {
        f->params.learning_rate = f->rates[due].rate;
        due++;
    }
    if (due > 0) {
        f->n_rates -= due;
        memmove(f->rates, f->rates + due, f->n_rates * sizeof *f->rates);
    }
}

static void start_batch(ae_fit *f, uint32_t first, uint32_t of) {
    f->op = 0;
    f->block = 0;
    f->first = first;
    f->rows = min_u32(f->pass.capacity, of - first);
    if (!f->evaluating) {
        f->rows = min_u32(f->params.batch, of - first);
        take_rates(f);
        f->step =
            adam_step_of(f->model->steps + 1, f->params.learning_rate, f->params.weight_decay);
    }
}

static void start_epoch(ae_fit *f) {
    f->evaluating = false;
    f->sum_train = 0.0;
    memset(f->sum_probe, 0, sizeof f->sum_probe);
    /* Addressed by the model's own count, so that a second fit goes on in a new order. */
    const uint32_t epoch = f->model->epochs;
    const uint32_t seed = f->params.seed;
    if (f->stratified) {
        const uint32_t others = f->n_visit - f->n_selected;
        f->order = rng_permutation_of(seed, RNG_SHUFFLE_SELECTION, epoch, f->n_selected);
        f->order_rest = rng_permutation_of(seed, RNG_SHUFFLE_REST, epoch, others);
    } else {
        f->order = rng_permutation_of(seed, RNG_SHUFFLE, epoch, f->n_visit);
    }
    start_batch(f, 0, f->epoch_rows);
}

static uint32_t evaluated_rows(const ae_fit *f) {
    const uint32_t probes = f->probe_end[PROBE_REST];
    return probes > 0 ? probes : f->params.batch;
}

static status diverged(ae_fit *f) {
    restore_guard(f);
    f->ended_by = AE_FIT_DIVERGED;
    f->op = 0;
    f->block = 0;
    return STATUS_NOT_FINITE;
}

void ae_fit_cancel(ae_fit *f) {
    if (f->ended_by != AE_FIT_RUNNING) {
        return;
    }
    if (!ae_fit_abandon_batch(f)) {
        restore_guard(f);
        f->op = 0;
        f->block = 0;
    }
    f->ended_by = AE_FIT_CANCELLED;
}

/* After OP_LOSS: the batch's loss, added up in row order; stops when the numbers have run away. */
static status after_loss(ae_fit *f) {
    double batch = 0.0;
    double square = 0.0;
    for (uint32_t b = 0; b < f->rows; b++) {
        const bool weighted = !f->evaluating && has_weights(f);
        batch += weighted ? (double)weight_of(f, b) * f->row_loss[b] : f->row_loss[b];
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
        uint32_t kind = 0;
        for (uint32_t b = 0; b < f->rows; b++) {
            while (kind < PROBE_REST && f->first + b >= f->probe_end[kind]) {
                kind++;
            }
            f->sum_probe[kind] += f->row_loss[b];
        }
        return;
    }
    f->steps++;
    f->model->steps++;
    f->rows_trained += (double)f->rows;
    f->sum_train += f->batch_loss;
}

/* Mean loss of one kind of the rows that were evaluated. */
static float probe_loss(const ae_fit *f, uint32_t kind) {
    const uint32_t rows = ae_probe_rows(f, kind);
    return rows > 0 ? (float)(f->sum_probe[kind] / (double)rows) : NAN;
}

static bool steps_are_done(const ae_fit *f) {
    return f->params.steps > 0 && f->steps >= f->params.steps;
}

static void end_epoch(ae_fit *f) {
    f->loss[JOB_LOSS_TRAIN] = (float)(f->sum_train / (double)f->epoch_rows);
    f->loss[JOB_LOSS_HELDOUT] = probe_loss(f, PROBE_HELDOUT);
    f->loss[JOB_LOSS_SELECTION] = probe_loss(f, PROBE_SELECTION);
    f->loss[JOB_LOSS_REST] = probe_loss(f, PROBE_REST);
    f->epoch++;
    const bool any_heldout = ae_probe_rows(f, PROBE_HELDOUT) > 0;
    if (any_heldout) {
        const double heldout =
            f->sum_probe[PROBE_HELDOUT] / (double)ae_probe_rows(f, PROBE_HELDOUT);
        if (heldout < f->best_heldout * (1.0 - MIN_IMPROVEMENT)) {
            f->best_heldout = heldout;
            f->epochs_without_better = 0;
        } else {
            f->epochs_without_better++;
        }
    }
    if (f->epoch >= f->params.epochs || steps_are_done(f)) {
        f->ended_by = AE_FIT_EPOCHS;
    } else if (f->params.patience > 0 && any_heldout &&
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
    const uint32_t of = f->evaluating ? evaluated_rows(f) : f->epoch_rows;
    const uint32_t next = f->first + f->rows;
    count_batch(f);
    if (next < of) {
        start_batch(f, next, of);
        if (!f->evaluating && steps_are_done(f)) {
            f->ended_by = AE_FIT_EPOCHS;
        }
        return false;
    }
    if (!f->evaluating) {
        /* Counted before the evaluation, which moves nothing: a fit that is stopped during it leaves the same
         * model as one that does it to the end. */
        f->model->epochs++;
    }
    /* Held-out rows and the like at the end of each epoch; without any, a batch of the trained ones at the very
     * end, so that no fit ends on weights whose loss nobody has seen. */
    const bool probes = f->probe_end[PROBE_REST] > 0;
    if (!f->evaluating && (probes || f->epoch + 1 >= f->params.epochs || steps_are_done(f))) {
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
    while (!*epoch_ended && f->ended_by == AE_FIT_RUNNING) {
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

void ae_fit_begin(ae_fit *f) {
    write_program(f);
    start_epoch(f);
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
            float     *to = gradient + m->shape.w_at[o->layer];
            mlp_blocks b = {(dense_pass)o->pass, {&layer, NULL, to, n_rows}, 0};
            par_for(dense_blocks(b.pass, &layer, n_rows), mlp_block, &b);
        }
    }
    double sum = 0.0;
    for (uint32_t b = 0; b < n_rows; b++) {
        sum += f->row_loss[b] * (has_weights(f) ? (double)weight_of(f, b) : 1.0);
    }
    return sum / (double)n_rows;
}
