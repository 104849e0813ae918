/* mlp.h: a stack of dense layers: its shape, where its numbers stand, and the activations of one batch.
 *
 * Shared by the model (which evaluates) and the fit (which trains). Layer l takes activations a[l]
 * (rows, width[l]) to a[l + 1] (rows, width[l + 1]).
 */
#ifndef MLP_H
#define MLP_H

#include "base/mem.h"
#include "nn/dense.h"

#include <stdbool.h>
#include <stdint.h>

#define MLP_MAX_LAYERS 18u

typedef struct {
    uint32_t n_layers;
    uint32_t width[MLP_MAX_LAYERS + 1];
    uint32_t activation[MLP_MAX_LAYERS]; /* of a[l + 1] */
    size_t   w_at[MLP_MAX_LAYERS];       /* places in the parameter block, in floats */
    size_t   b_at[MLP_MAX_LAYERS];
    size_t   floats; /* of the parameter block, padding included; SIZE_MAX: too many */
} mlp_shape;

/* Fills in w_at, b_at and floats from n_layers and width. */
void mlp_place(mlp_shape *s);

/* Weights and biases without padding; saturates at UINT32_MAX. */
uint32_t mlp_parameters(const mlp_shape *s);

/* Starting values as PyTorch's Linear has them: weights and biases uniform in +-1/sqrt(fan_in), each at
 * the address (seed, RNG_INIT, tensor, element). */
void mlp_init(const mlp_shape *s, uint32_t seed, float *parameters);

/* The activations of up to `capacity` rows; with `training` their gradients and packing scratch too. */
typedef struct {
    uint32_t capacity;
    float   *a[MLP_MAX_LAYERS + 1];
    float
        *delta[MLP_MAX_LAYERS + 1]; /* gradients of a[l]; [0] is NULL; all NULL when not training */
    float *packed_x, *packed_dy, *packed_w;
} mlp_pass;

void mlp_pass_layout(mem_layout *l, mlp_pass *p, const mlp_shape *s, uint32_t capacity,
                     bool training);

/* Layer l of parameters w with moments m and v (NULL when only evaluated), on pass p. */
dense_layer mlp_layer(const mlp_shape *s, const mlp_pass *p, uint32_t l, float *w, float *m,
                      float *v);

/* Runs layers first .. last - 1 forward on `rows` rows, at once. */
void mlp_forward(const mlp_shape *s, const mlp_pass *p, float *w, uint32_t first, uint32_t last,
                 uint32_t rows);

/* par_for's view of one dense pass: run blocks offset, offset + 1, ... */
typedef struct {
    dense_pass pass;
    dense_run  run;
    uint32_t   offset;
} mlp_blocks;

void mlp_block(void *ctx, uint32_t block);

#endif
