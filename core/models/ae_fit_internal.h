/* ae_fit_internal.h: the state of a fit, shared by ae_fit.c (its life) and ae_train.c (its steps). */
#ifndef AE_FIT_INTERNAL_H
#define AE_FIT_INTERNAL_H

#include "base/rng.h"
#include "models/ae_internal.h"

/* The kinds of rows whose losses are told apart, in the order in which they lie in `probe`. */
enum { PROBE_HELDOUT, PROBE_SELECTION, PROBE_REST, PROBES };

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

#define AE_MAX_OPERATIONS (MLP_MAX_LAYERS * DENSE_PASSES + 4u)

/* A learning rate, and the number of batches after which it holds. */
typedef struct {
    uint32_t after;
    float    rate;
} rate_change;

struct ae_fit {
    ae           *model;
    matrix        x;
    ae_fit_params params;
    void         *arena;

    uint32_t  n_visit;        /* rows that may be visited */
    uint32_t *visit;          /* (n_visit) row ids; with a selection its rows come first */
    float    *weight;         /* (n_visit) loss weights, or NULL */
    uint32_t  n_selected;     /* of n_visit */
    bool      stratified;     /* there is a selection */
    uint32_t  in_batch;       /* stratified: selected rows of each batch */
    float     kind_weight[2]; /* stratified: of selected rows, of the others */
    uint32_t  epoch_rows;     /* visited in an epoch */

    /* Evaluated at the end of an epoch: PROBE_HELDOUT rows first, the end of each kind in probe_end. */
    uint32_t *probe; /* (probe_end[PROBE_REST]) row ids */
    uint32_t  probe_end[PROBES];
    uint32_t  all_heldout;

    mlp_pass  pass;
    float    *target;      /* (batch, stride of d) clean inputs; NULL without noise */
    uint32_t *batch_index; /* (batch) places in visit */
    double   *row_loss;    /* (batch) mean over features, unweighted */
    double   *row_square;  /* (batch) mean square of the target */
    float    *guard;       /* (3, shape.floats) weights and moments at the start of the epoch */
    uint32_t  guard_steps, guard_epochs;

    operation ops[AE_MAX_OPERATIONS];
    uint32_t  n_ops;
    uint32_t  n_forward;  /* ops[0 .. n_forward) evaluate; the rest trains */
    uint32_t  first_move; /* ops from here on move weights */

    /* Where the program stands. */
    uint32_t        op, block;
    bool            evaluating; /* of `probe`, at the end of an epoch */
    uint32_t        epoch;      /* finished */
    uint32_t        first;      /* of the batch, in the order of the epoch (or in probe) */
    uint32_t        rows;       /* of the batch */
    uint32_t        steps;      /* batches finished by this fit */
    rng_permutation order;      /* of all rows, or of the selected ones */
    rng_permutation order_rest; /* stratified */
    adam_step       step;

    rate_change rates[AE_FIT_RATES]; /* that wait, by `after`: strictly ascending */
    uint32_t    n_rates;

    /* Sums over the epoch, and what the last one gave. */
    double sum_train;
    double sum_probe[PROBES];
    double batch_loss; /* summed over the rows of the batch at hand */
    double rows_trained;
    double
        reference; /* the loss against which a later one has run away; 0 before the first batch */
    double   best_heldout;
    uint32_t epochs_without_better;
    uint32_t ended_by;
    float    loss[8];
};

/* Rows of one kind that are evaluated at the end of an epoch. */
static inline uint32_t ae_probe_rows(const ae_fit *f, uint32_t kind) {
    return f->probe_end[kind] - (kind > 0 ? f->probe_end[kind - 1] : 0);
}

/* Which of the rows that may be visited is row b of the batch at hand: its place in `visit`. */
uint32_t ae_fit_visit(const ae_fit *f, uint32_t b);

/* Writes the list of operations of a batch and starts the first epoch. */
void ae_fit_begin(ae_fit *f);

#endif
