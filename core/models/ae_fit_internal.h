/* ae_fit_internal.h: the state of a fit, shared by ae_fit.c (its life) and ae_train.c (its steps). */
#ifndef AE_FIT_INTERNAL_H
#define AE_FIT_INTERNAL_H

#include "base/rng.h"
#include "models/ae_internal.h"

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

#define AE_MAX_OPERATIONS (MLP_MAX_LAYERS * DENSE_PASSES + 4u)

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

    operation ops[AE_MAX_OPERATIONS];
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

/* Writes the list of operations of a batch and starts the first epoch. */
void ae_fit_begin(ae_fit *f);

#endif
