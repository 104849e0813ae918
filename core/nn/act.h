/* act.h: activations, forward and backward, over flat arrays.
 *
 * Every derivative is written in terms of the activation's own output y, so that only outputs need to
 * be kept. relu: y > 0; leaky_relu: slope 0.01 (Maas 2013); elu: alpha 1 (Clevert 2016).
 */
#ifndef ACT_H
#define ACT_H

#include <stddef.h>
#include <stdint.h>

/* Part of the determinism contract and of the wire: add at the end. */
typedef enum {
    ACT_LINEAR = 0,
    ACT_RELU = 1,
    ACT_LEAKY_RELU = 2,
    ACT_ELU = 3,
    ACT_TANH = 4,
    ACT_SIGMOID = 5,
    ACT_COUNT
} act_kind;

/* y[i] = act(y[i]) for n values; n a multiple of 4, y aligned to 16 bytes. */
void act_forward(uint32_t kind, float *y, size_t n);

/* dy[i] *= act'(x[i]), given y = act(x); same conditions. */
void act_backward(uint32_t kind, const float *y, float *dy, size_t n);

#endif
