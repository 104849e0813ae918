/* loss.h: reconstruction losses of one row, and their gradients.
 *
 * Both give the sum over d features; callers divide. The sum runs in four lanes as in vec.h.
 */
#ifndef LOSS_H
#define LOSS_H

#include <stdint.h>

/* Sum of (y - target)^2. `slope`, if not NULL, gets scale * 2 (y - target). */
float loss_mse(const float *y, const float *target, uint32_t d, float scale, float *slope);

/* Sum of the binary cross-entropy of sigmoid(logit) against target in [0, 1], computed as
 * max(l, 0) - l t + log(1 + e^-|l|), so that no probability is ever 0. `slope` gets
 * scale * (sigmoid(logit) - target): the gradient with respect to the logit. */
float loss_bce(const float *logit, const float *target, uint32_t d, float scale, float *slope);

#endif
