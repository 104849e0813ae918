/* adam.h: AdamW (Kingma & Ba 2015, "Adam"; Loshchilov & Hutter 2019, decoupled weight decay).
 *
 * One step for one array: w moves by learning_rate * m' / (sqrt(v') + epsilon), m' and v' being the
 * bias-corrected moments, after w was shrunk by learning_rate * weight_decay. It is elementwise, so the
 * weight-gradient pass applies it tile by tile and the gradient is never stored as a whole.
 */
#ifndef ADAM_H
#define ADAM_H

#include <stddef.h>
#include <stdint.h>

/* What a step needs, worked out once a batch. */
typedef struct {
    float rate;     /* learning_rate / (1 - beta1^t) */
    float inv_root; /* 1 / sqrt(1 - beta2^t) */
    float keep;     /* 1 - learning_rate * weight_decay */
} adam_step;

/* For step t, counted from 1. */
adam_step adam_step_of(uint32_t t, float learning_rate, float weight_decay);

/* Moves n parameters (a multiple of 4, 16-byte aligned). Moments below 1e-30 are set to zero: left
 * alone they become denormal for units that died, and denormals slow every later step. */
void adam_apply(const adam_step *s, float *w, float *m, float *v, const float *gradient, size_t n);

#endif
