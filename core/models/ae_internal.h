/* ae_internal.h: what ae.c and ae_fit.c share. Nobody else includes it, but tests of gradients. */
#ifndef AE_INTERNAL_H
#define AE_INTERNAL_H

#include "models/ae.h"
#include "models/mlp.h"

/* Rows that are evaluated together. */
#define AE_EVALUATE_ROWS 128u

struct ae {
    ae_params params;
    uint32_t  d;
    uint32_t  steps, epochs;
    /* The last layer's activation is applied by the network itself, unless the loss wants logits. */
    mlp_shape shape;
    float    *w, *m, *v; /* (shape.floats) parameters and moments */
    float    *frozen;    /* (shape.floats) parameters as ae_freeze() found them */
    mlp_pass  pass;      /* of AE_EVALUATE_ROWS rows */
    void     *arena;
};

/* The network of such a model; p must be in bounds. */
void ae_shape(mlp_shape *s, const ae_params *p, uint32_t d);

/* Copies `rows` rows of x, starting at `first`, to dst (rows, stride). */
void ae_gather(const matrix *x, uint32_t first, uint32_t rows, float *dst, uint32_t stride);

/* Writes the gradient of the loss of one batch of the given rows at the current weights to `gradient`
 * (shape.floats, laid out like the weights), without moving anything, and returns that loss. For tests. */
double ae_fit_gradient(ae_fit *f, const uint32_t *rows, uint32_t n_rows, float *gradient);

#endif
