#include "models/mlp.h"

#include "base/par.h"
#include "base/rng.h"

#include <math.h>

void mlp_place(mlp_shape *s) {
    s->floats = 0;
    for (uint32_t l = 0; l < s->n_layers; l++) {
        size_t weights;
        mem_mul(&weights, dense_stride(s->width[l + 1]), s->width[l]);
        s->w_at[l] = s->floats;
        mem_add(&s->floats, s->floats, weights);
        s->b_at[l] = s->floats;
        mem_add(&s->floats, s->floats, dense_bias_floats(s->width[l + 1]));
    }
}

uint32_t mlp_parameters(const mlp_shape *s) {
    uint64_t total = 0;
    for (uint32_t l = 0; l < s->n_layers; l++) {
        total += ((uint64_t)s->width[l] + 1u) * s->width[l + 1];
        if (total > UINT32_MAX) {
            return UINT32_MAX;
        }
    }
    return (uint32_t)total;
}

void mlp_init(const mlp_shape *s, uint32_t seed, float *parameters) {
    for (uint32_t l = 0; l < s->n_layers; l++) {
        const uint32_t in = s->width[l];
        const uint32_t out = s->width[l + 1];
        const float    bound = 1.0f / sqrtf((float)in);
        for (uint32_t i = 0; i < in; i++) {
            for (uint32_t o = 0; o < out; o++) {
                const float  u = rng_uniform(seed, RNG_INIT, 2 * l, i * out + o);
                const size_t at = s->w_at[l] + ((size_t)(o / 8) * in + i) * 8 + o % 8;
                parameters[at] = (2.0f * u - 1.0f) * bound;
            }
        }
        for (uint32_t o = 0; o < out; o++) {
            const float u = rng_uniform(seed, RNG_INIT, 2 * l + 1, o);
            parameters[s->b_at[l] + o] = (2.0f * u - 1.0f) * bound;
        }
    }
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

void mlp_pass_layout(mem_layout *l, mlp_pass *p, const mlp_shape *s, uint32_t capacity,
                     bool training) {
    *p = (mlp_pass){.capacity = capacity};
    size_t x = 0;
    size_t dy = 0;
    size_t w = 0;
    for (uint32_t i = 0; i <= s->n_layers; i++) {
        p->a[i] = mem_part(l, capacity, dense_stride(s->width[i]) * sizeof(float));
        if (training && i > 0) {
            p->delta[i] = mem_part(l, capacity, dense_stride(s->width[i]) * sizeof(float));
        }
    }
    for (uint32_t i = 0; i < s->n_layers; i++) {
        x = larger(x, dense_packed_x_floats(s->width[i], capacity));
        dy = larger(dy, dense_packed_dy_floats(s->width[i + 1], capacity));
        if (i > 0) { /* the first layer's inputs need no gradient */
            w = larger(w, dense_packed_w_floats(s->width[i], s->width[i + 1]));
        }
    }
    p->packed_x = mem_part(l, x, sizeof(float));
    if (training) {
        p->packed_dy = mem_part(l, dy, sizeof(float));
        p->packed_w = mem_part(l, w, sizeof(float));
    }
}

dense_layer mlp_layer(const mlp_shape *s, const mlp_pass *p, uint32_t l, float *w, float *m,
                      float *v) {
    return (dense_layer){
        .in = s->width[l],
        .out = s->width[l + 1],
        .activation = s->activation[l],
        .x_stride = dense_stride(s->width[l]),
        .y_stride = dense_stride(s->width[l + 1]),
        .w = w + s->w_at[l],
        .b = w + s->b_at[l],
        .w_m = m != NULL ? m + s->w_at[l] : NULL,
        .w_v = v != NULL ? v + s->w_at[l] : NULL,
        .b_m = m != NULL ? m + s->b_at[l] : NULL,
        .b_v = v != NULL ? v + s->b_at[l] : NULL,
        .x = p->a[l],
        .y = p->a[l + 1],
        .dx = p->delta[l],
        .dy = p->delta[l + 1],
        .x_activation = l > 0 ? s->activation[l - 1] : 0,
        .packed_x = p->packed_x,
        .packed_dy = p->packed_dy,
        .packed_w = p->packed_w,
    };
}

void mlp_block(void *ctx, uint32_t block) {
    const mlp_blocks *b = ctx;
    dense_block(b->pass, &b->run, b->offset + block);
}

void mlp_forward(const mlp_shape *s, const mlp_pass *p, float *w, uint32_t first, uint32_t last,
                 uint32_t rows) {
    for (uint32_t l = first; l < last; l++) {
        const dense_layer layer = mlp_layer(s, p, l, w, NULL, NULL);
        mlp_blocks        b = {.run = {.layer = &layer, .rows = rows}};
        b.pass = DENSE_PACK_X;
        par_for(dense_blocks(b.pass, &layer, rows), mlp_block, &b);
        b.pass = DENSE_FORWARD;
        par_for(dense_blocks(b.pass, &layer, rows), mlp_block, &b);
    }
}
