/* rng.h: addressed random numbers.
 *
 * A number is a hash of where it is used: rng(seed, purpose, index, draw). There is no generator
 * state, so every row, batch or edge has its own numbers, the order of execution cannot matter, and
 * nothing has to be saved to continue. The hash is Philox2x32-10 keyed by (seed, purpose)
 * (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): counter (index, draw).
 */
#ifndef RNG_H
#define RNG_H

#include <stdint.h>

/* What a number is for. Two uses with the same seed, index and draw must differ here. The values are
 * part of the determinism contract: add at the end, never renumber. */
typedef enum {
    RNG_INIT = 1,      /* initial weights: index = tensor, draw = element */
    RNG_SHUFFLE = 2,   /* order of rows in an epoch: index = epoch */
    RNG_NOISE = 3,     /* denoising noise: index = step of the model, draw = element of the batch */
    RNG_HELDOUT = 4,   /* which rows are held out: index = row */
    RNG_SAMPLE = 5,    /* a fixed sample of rows */
    RNG_SYNTHETIC = 6, /* made data: index = row */
    RNG_SELECT = 7,    /* random selections */
    RNG_SHUFFLE_SELECTION = 8, /* order of selected rows in an epoch: index = epoch */
    RNG_SHUFFLE_REST = 9       /* order of the others in it */
} rng_purpose;

uint32_t rng_u32(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw);

/* Uniform in [0, 1), a multiple of 2^-24. */
float rng_uniform(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw);

/* Standard normal (Box-Muller on two uniforms of the same address, our own log, sqrt and cos). */
float rng_normal(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw);

/* Uniform in [0, bound); bound > 0. The bias is below bound / 2^32. */
uint32_t rng_below(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw, uint32_t bound);

/* A permutation of [0, n) that needs no memory: the image of i under permutation number `index`.
 * A Feistel network over the next even number of bits, walked until it lands inside [0, n): O(1). */
typedef struct {
    uint32_t seed, purpose, index;
    uint32_t n;
    uint32_t half_bits;
} rng_permutation;

rng_permutation rng_permutation_of(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t n);
uint32_t        rng_permute(const rng_permutation *p, uint32_t i);

#endif
