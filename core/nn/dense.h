/* dense.h: a dense layer's passes over one batch, each cut into blocks for par_for.
 *
 * Shapes: B rows in the batch, `in` inputs, `out` outputs; x (B, in), y and dy (B, out), row-major with
 * a stride that is a multiple of 8 and zero padding. Weights are kept in column panels for good,
 *
 *     w [ceil(out / 8)][in][8],   w of input i and output o at ((o / 8) * in + i) * 8 + o % 8,
 *
 * which is what the forward product reads and what a 4 x 8 tile of the gradient writes; columns past
 * `out` are zero and stay zero. The optimiser is elementwise, so it does not care about the order.
 *
 * A pass is a fixed number of blocks that depends on the shapes only, and each output number is summed
 * inside one block in a fixed order: slicing and threads cannot change a bit.
 */
#ifndef DENSE_H
#define DENSE_H

#include "nn/adam.h"

#include <stddef.h>
#include <stdint.h>

/* Where one layer's numbers are. Pointers to w, b and their moments are into the model's blocks; x, y
 * and the d's into a pass's activations; the packed buffers are scratch that passes share. */
typedef struct {
    uint32_t in, out;
    uint32_t activation; /* act_kind of y */
    uint32_t x_stride, y_stride;
    float   *w, *b;     /* panels; (ceil8(out)) */
    float   *w_m, *w_v; /* moments, laid out like w */
    float   *b_m, *b_v;
    float   *x, *y;        /* (B, in), (B, out) */
    float   *dx, *dy;      /* gradients of the loss; dx is NULL for the first layer */
    uint32_t x_activation; /* act_kind that made x: dx is taken back through it */
    float   *packed_x;     /* forward: [ceil(B / 4)][in][4]; weights: [ceil(in / 4)][B][4] */
    float   *packed_dy;    /* inputs: [ceil(B / 4)][out][4]; weights: [ceil(out / 8)][B][8] */
    float   *packed_w;     /* inputs: [ceil(in / 8)][out][8], the transpose */
} dense_layer;

/* Floats that w and b take, padding included. */
size_t dense_weight_floats(uint32_t in, uint32_t out);
size_t dense_bias_floats(uint32_t out);
size_t dense_packed_x_floats(uint32_t in, uint32_t batch);
size_t dense_packed_dy_floats(uint32_t out, uint32_t batch);
size_t dense_packed_w_floats(uint32_t in, uint32_t out);

uint32_t dense_stride(uint32_t width); /* the row stride for `width` columns */

/* The passes, in the order a batch runs them. `blocks` says into how many blocks a pass is cut,
 * `block_work` how many multiply-adds one of them costs at most, `run` does block `i`. */
typedef enum {
    DENSE_PACK_X,    /* x to packed_x, for the forward product */
    DENSE_FORWARD,   /* y = activation(x w + b) */
    DENSE_PACK_DY,   /* dy to packed_dy, for dx */
    DENSE_PACK_W,    /* w transposed to packed_w */
    DENSE_INPUTS,    /* dx = (dy w^T) * x_activation'(x) */
    DENSE_PACK_X_T,  /* x transposed to packed_x, for the weights */
    DENSE_PACK_DY_T, /* dy to packed_dy, for the weights; one block a panel */
    DENSE_WEIGHTS,   /* w and b move by one AdamW step along their gradients */
    DENSE_PASSES
} dense_pass;

typedef struct {
    const dense_layer *layer;
    const adam_step   *step; /* DENSE_WEIGHTS only */
    float   *gradient; /* when not NULL, DENSE_WEIGHTS writes gradients here instead of moving:
                                    first those of w as laid out, then those of b. For tests. */
    uint32_t rows;     /* B */
} dense_run;

uint32_t dense_blocks(dense_pass pass, const dense_layer *l, uint32_t rows);
uint64_t dense_block_work(dense_pass pass, const dense_layer *l, uint32_t rows);
void     dense_block(dense_pass pass, const dense_run *run, uint32_t block);

#endif
