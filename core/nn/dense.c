/* dense.c: the products are sums in ascending order of the contracted index, through gemm_tile. */
#include "nn/dense.h"

#include "math/gemm.h"
#include "math/simd.h"
#include "nn/act.h"

#include <string.h>

/* Sizes of blocks. They are part of nothing but speed: every output is summed whole in one block. */
#define ROW_GROUPS   32u /* groups of 4 rows in a block of a product over rows: 128 rows */
#define PACK_GROUPS  16u /* groups of 4 packed by one block */
#define INPUT_GROUPS 16u /* groups of 4 inputs in a block of the weight pass */

static uint32_t ceil_div(uint32_t a, uint32_t b) {
    return a / b + (a % b != 0);
}

static uint32_t min_u32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

uint32_t dense_stride(uint32_t width) {
    return ceil_div(width, GEMM_NR) * GEMM_NR;
}

size_t dense_weight_floats(uint32_t in, uint32_t out) {
    return (size_t)dense_stride(out) * in;
}

size_t dense_bias_floats(uint32_t out) {
    return dense_stride(out);
}

size_t dense_packed_x_floats(uint32_t in, uint32_t batch) {
    const size_t forward = (size_t)ceil_div(batch, GEMM_MR) * GEMM_MR * in;
    const size_t weights = (size_t)ceil_div(in, GEMM_MR) * GEMM_MR * batch;
    return forward > weights ? forward : weights;
}

size_t dense_packed_dy_floats(uint32_t out, uint32_t batch) {
    const size_t inputs = (size_t)ceil_div(batch, GEMM_MR) * GEMM_MR * out;
    const size_t weights = (size_t)dense_stride(out) * batch;
    return inputs > weights ? inputs : weights;
}

size_t dense_packed_w_floats(uint32_t in, uint32_t out) {
    return (size_t)dense_stride(in) * out;
}

uint32_t dense_blocks(dense_pass pass, const dense_layer *l, uint32_t rows) {
    const uint32_t row_groups = ceil_div(rows, GEMM_MR);
    const uint32_t in_groups = ceil_div(l->in, GEMM_MR);
    const uint32_t in_panels = ceil_div(l->in, GEMM_NR);
    const uint32_t out_panels = ceil_div(l->out, GEMM_NR);
    switch (pass) {
        case DENSE_PACK_X:
        case DENSE_PACK_DY: return ceil_div(row_groups, PACK_GROUPS);
        case DENSE_FORWARD: return out_panels * ceil_div(row_groups, ROW_GROUPS);
        case DENSE_PACK_W: return in_panels;
        case DENSE_INPUTS: return in_panels * ceil_div(row_groups, ROW_GROUPS);
        case DENSE_PACK_X_T: return ceil_div(in_groups, PACK_GROUPS);
        case DENSE_PACK_DY_T: return out_panels;
        case DENSE_WEIGHTS: return out_panels * ceil_div(in_groups, INPUT_GROUPS);
        case DENSE_PASSES: break;
    }
    return 0;
}

uint64_t dense_block_work(dense_pass pass, const dense_layer *l, uint32_t rows) {
    const uint64_t chunk = min_u32(rows, ROW_GROUPS * GEMM_MR);
    const uint64_t tile_rows = min_u32(rows, PACK_GROUPS * GEMM_MR);
    /* A packed element counts as eight multiply-adds: it is bound by memory, not arithmetic. */
    switch (pass) {
        case DENSE_PACK_X: return 8u * tile_rows * l->in;
        case DENSE_PACK_DY: return 8u * tile_rows * l->out;
        case DENSE_FORWARD: return chunk * GEMM_NR * l->in;
        case DENSE_PACK_W: return 8u * (uint64_t)GEMM_NR * l->out;
        case DENSE_INPUTS: return chunk * GEMM_NR * l->out;
        case DENSE_PACK_X_T: return 8u * (uint64_t)PACK_GROUPS * GEMM_MR * rows;
        case DENSE_PACK_DY_T: return 8u * (uint64_t)GEMM_NR * rows;
        case DENSE_WEIGHTS: return (uint64_t)INPUT_GROUPS * GEMM_MR * GEMM_NR * (rows + 32u);
        case DENSE_PASSES: break;
    }
    return 0;
}

static void pack_rows(const float *src, uint32_t stride, uint32_t rows, uint32_t k, float *packed,
                      uint32_t block) {
    const uint32_t groups = ceil_div(rows, GEMM_MR);
    const uint32_t end = min_u32(groups, (block + 1) * PACK_GROUPS);
    for (uint32_t g = block * PACK_GROUPS; g < end; g++) {
        const uint32_t first = g * GEMM_MR;
        gemm_pack_a(src + (size_t)first * stride, stride, min_u32(GEMM_MR, rows - first), k,
                    packed + (size_t)g * GEMM_MR * k);
    }
}

static void forward(const dense_run *run, uint32_t block) {
    const dense_layer *l = run->layer;
    const uint32_t     panels = ceil_div(l->out, GEMM_NR);
    const uint32_t     p = block % panels;
    const uint32_t     first = block / panels * ROW_GROUPS;
    const uint32_t     groups = ceil_div(run->rows, GEMM_MR);
    const uint32_t     end = min_u32(groups, first + ROW_GROUPS);
    const float       *w = l->w + (size_t)p * l->in * GEMM_NR;
    const f32x4        b0 = f32x4_load(l->b + (size_t)p * GEMM_NR);
    const f32x4        b1 = f32x4_load(l->b + (size_t)p * GEMM_NR + 4);
    for (uint32_t g = first; g < end; g++) {
        _Alignas(16) float acc[GEMM_MR * GEMM_NR] = {0};
        gemm_tile(l->in, l->packed_x + (size_t)g * GEMM_MR * l->in, w, acc);
        for (uint32_t i = 0; i < GEMM_MR; i++) {
            f32x4_store(acc + i * GEMM_NR, f32x4_load(acc + i * GEMM_NR) + b0);
            f32x4_store(acc + i * GEMM_NR + 4, f32x4_load(acc + i * GEMM_NR + 4) + b1);
        }
        act_forward(l->activation, acc, GEMM_MR * GEMM_NR);
        const uint32_t valid = min_u32(GEMM_MR, run->rows - g * GEMM_MR);
        for (uint32_t i = 0; i < valid; i++) {
            float *y = l->y + (size_t)(g * GEMM_MR + i) * l->y_stride + p * GEMM_NR;
            memcpy(y, acc + i * GEMM_NR, GEMM_NR * sizeof(float));
        }
    }
}

/* One panel of w transposed: 8 inputs, all outputs. */
static void pack_w(const dense_run *run, uint32_t panel) {
    const dense_layer *l = run->layer;
    const uint32_t     first = panel * GEMM_NR;
    const uint32_t     inputs = min_u32(GEMM_NR, l->in - first);
    float             *to = l->packed_w + (size_t)first * l->out;
    for (uint32_t o = 0; o < l->out; o++) {
        const float *from = l->w + ((size_t)(o / GEMM_NR) * l->in + first) * GEMM_NR + o % GEMM_NR;
        for (uint32_t i = 0; i < GEMM_NR; i++) {
            to[(size_t)o * GEMM_NR + i] = i < inputs ? from[(size_t)i * GEMM_NR] : 0.0f;
        }
    }
}

static void inputs(const dense_run *run, uint32_t block) {
    const dense_layer *l = run->layer;
    const uint32_t     panels = ceil_div(l->in, GEMM_NR);
    const uint32_t     p = block % panels;
    const uint32_t     first = block / panels * ROW_GROUPS;
    const uint32_t     groups = ceil_div(run->rows, GEMM_MR);
    const uint32_t     end = min_u32(groups, first + ROW_GROUPS);
    const float       *w = l->packed_w + (size_t)p * GEMM_NR * l->out;
    for (uint32_t g = first; g < end; g++) {
        _Alignas(16) float acc[GEMM_MR * GEMM_NR] = {0};
        gemm_tile(l->out, l->packed_dy + (size_t)g * GEMM_MR * l->out, w, acc);
        const uint32_t valid = min_u32(GEMM_MR, run->rows - g * GEMM_MR);
        for (uint32_t i = 0; i < valid; i++) {
            const size_t at = (size_t)(g * GEMM_MR + i) * l->x_stride + p * GEMM_NR;
            act_backward(l->x_activation, l->x + at, acc + i * GEMM_NR, GEMM_NR);
            memcpy(l->dx + at, acc + i * GEMM_NR, GEMM_NR * sizeof(float));
        }
    }
}

static void pack_x_transposed(const dense_run *run, uint32_t block) {
    const dense_layer *l = run->layer;
    const uint32_t     groups = ceil_div(l->in, GEMM_MR);
    const uint32_t     end = min_u32(groups, (block + 1) * PACK_GROUPS);
    for (uint32_t g = block * PACK_GROUPS; g < end; g++) {
        const uint32_t first = g * GEMM_MR;
        gemm_pack_a_transposed(l->x + first, l->x_stride, min_u32(GEMM_MR, l->in - first),
                               run->rows, l->packed_x + (size_t)first * run->rows);
    }
}

static void pack_dy_panel(const dense_run *run, uint32_t panel) {
    const dense_layer *l = run->layer;
    const uint32_t     first = panel * GEMM_NR;
    gemm_pack_b(l->dy + first, l->y_stride, min_u32(GEMM_NR, l->out - first), run->rows,
                l->packed_dy + (size_t)first * run->rows);
}

static void weights(const dense_run *run, uint32_t block) {
    const dense_layer *l = run->layer;
    const uint32_t     panels = ceil_div(l->out, GEMM_NR);
    const uint32_t     p = block % panels;
    const uint32_t     chunk = block / panels;
    const uint32_t     groups = ceil_div(l->in, GEMM_MR);
    const uint32_t     end = min_u32(groups, (chunk + 1) * INPUT_GROUPS);
    const float       *dy = l->packed_dy + (size_t)p * GEMM_NR * run->rows;
    for (uint32_t g = chunk * INPUT_GROUPS; g < end; g++) {
        _Alignas(16) float acc[GEMM_MR * GEMM_NR] = {0};
        gemm_tile(run->rows, l->packed_x + (size_t)g * GEMM_MR * run->rows, dy, acc);
        /* Rows g * 4 .. of a panel stand side by side: the tile is one contiguous stretch. */
        const size_t at = ((size_t)p * l->in + g * GEMM_MR) * GEMM_NR;
        const size_t n = (size_t)min_u32(GEMM_MR, l->in - g * GEMM_MR) * GEMM_NR;
        if (run->gradient != NULL) {
            memcpy(run->gradient + at, acc, n * sizeof(float));
        } else {
            adam_apply(run->step, l->w + at, l->w_m + at, l->w_v + at, acc, n);
        }
    }
    if (chunk == 0) { /* the bias of these eight outputs: the column sums of dy */
        _Alignas(16) float sum[GEMM_NR] = {0};
        for (uint32_t r = 0; r < run->rows; r++) {
            const float *row = dy + (size_t)r * GEMM_NR;
            f32x4_store(sum, f32x4_load(sum) + f32x4_load(row));
            f32x4_store(sum + 4, f32x4_load(sum + 4) + f32x4_load(row + 4));
        }
        const size_t at = (size_t)p * GEMM_NR;
        if (run->gradient != NULL) {
            float *to = run->gradient + dense_weight_floats(l->in, l->out) + at;
            memcpy(to, sum, sizeof sum);
        } else {
            adam_step no_decay = *run->step;
            no_decay.keep = 1.0f;
            adam_apply(&no_decay, l->b + at, l->b_m + at, l->b_v + at, sum, GEMM_NR);
        }
    }
}

void dense_block(dense_pass pass, const dense_run *run, uint32_t block) {
    const dense_layer *l = run->layer;
    switch (pass) {
        case DENSE_PACK_X:
            pack_rows(l->x, l->x_stride, run->rows, l->in, l->packed_x, block);
            break;
        case DENSE_FORWARD: forward(run, block); break;
        case DENSE_PACK_DY:
            pack_rows(l->dy, l->y_stride, run->rows, l->out, l->packed_dy, block);
            break;
        case DENSE_PACK_W: pack_w(run, block); break;
        case DENSE_INPUTS: inputs(run, block); break;
        case DENSE_PACK_X_T: pack_x_transposed(run, block); break;
        case DENSE_PACK_DY_T: pack_dy_panel(run, block); break;
        case DENSE_WEIGHTS: weights(run, block); break;
        case DENSE_PASSES: break;
    }
}
