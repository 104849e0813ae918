#include "base/rng.h"

#include "math/fmath.h"

#include <math.h>

/* Philox2x32 with 10 rounds; constants from the paper. Returns both words of the block. */
static uint64_t philox(uint32_t key, uint32_t c0, uint32_t c1) {
    for (int round = 0; round < 10; round++) {
        const uint64_t product = (uint64_t)0xD256D193u * c0;
        const uint32_t hi = (uint32_t)(product >> 32);
        c0 = hi ^ key ^ c1;
        c1 = (uint32_t)product;
        key += 0x9E3779B9u;
    }
    return ((uint64_t)c1 << 32) | c0;
}

static uint64_t block(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw) {
    /* The key has 32 bits, the address 96: fold the purpose into the key through one more Philox
     * block, so that (seed, purpose) pairs do not collide in a visible pattern. */
    const uint32_t key = (uint32_t)philox(seed, purpose, 0x554E464Fu);
    return philox(key, index, draw);
}

uint32_t rng_u32(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw) {
    return (uint32_t)block(seed, purpose, index, draw);
}

static float unit(uint32_t u) {
    return (float)(u >> 8) * 0x1p-24f;
}

float rng_uniform(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw) {
    return unit(rng_u32(seed, purpose, index, draw));
}

float rng_normal(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw) {
    const uint64_t b = block(seed, purpose, index, draw);
    const float    u = unit((uint32_t)b) + 0x1p-25f; /* in (0, 1): the logarithm is finite */
    const float    v = unit((uint32_t)(b >> 32));
    return sqrtf(-2.0f * fmath_log(u)) * fmath_cos2pi(v);
}

uint32_t rng_below(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t draw, uint32_t bound) {
    return (uint32_t)(((uint64_t)rng_u32(seed, purpose, index, draw) * bound) >> 32);
}

rng_permutation rng_permutation_of(uint32_t seed, uint32_t purpose, uint32_t index, uint32_t n) {
    rng_permutation p = {seed, purpose, index, n, 1};
    while (p.half_bits < 16 && (1ull << (2u * p.half_bits)) < n) {
        p.half_bits++;
    }
    /* One key for all rounds of all rows: the rounds differ by their number. */
    p.seed = (uint32_t)block(seed, purpose, index, 0xFFFFFFFFu);
    return p;
}

static uint32_t mix(uint32_t x) {
    /* "lowbias32" finaliser (Wellons, hash-prospector): bijective, low avalanche bias. */
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    x ^= x >> 16;
    return x;
}

uint32_t rng_permute(const rng_permutation *p, uint32_t i) {
    const uint32_t mask = (1u << p->half_bits) - 1u;
    uint32_t       x = i;
    do {
        uint32_t left = x >> p->half_bits;
        uint32_t right = x & mask;
        for (uint32_t round = 0; round < 6; round++) {
            const uint32_t f = mix(mix(right + p->seed) + round * 0x9E3779B9u) & mask;
            const uint32_t next = left ^ f;
            left = right;
            right = next;
        }
        x = (left << p->half_bits) | right;
    } while (x >= p->n);
    return x;
}
