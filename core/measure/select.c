#include "measure/select.h"

#include "base/rng.h"
#include "base/rowbits.h"

#include <string.h>

void select_random(uint32_t n, uint32_t count, uint32_t seed, uint32_t *bits) {
    const rng_permutation order = rng_permutation_of(seed, RNG_SELECT, 0, n);
    memset(bits, 0, (size_t)rowbits_words(n) * sizeof *bits);
    for (uint32_t row = 0; row < n; row++) {
        if (rng_permute(&order, row) < count) {
            rowbits_add(bits, row);
        }
    }
}

uint32_t select_sample(const uint32_t *bits, uint32_t n, uint32_t most, uint32_t seed,
                       uint32_t *rows) {
    uint32_t members = 0;
    for (uint32_t row = 0; row < n; row++) {
        members += rowbits_has(bits, row) ? 1u : 0u;
    }
    /* Over places in the set, not over rows: the draw takes as long for a small set of a large table. */
    const rng_permutation order = rng_permutation_of(seed, RNG_SAMPLE, 0, members);
    uint32_t              place = 0;
    uint32_t              taken = 0;
    for (uint32_t row = 0; row < n; row++) {
        if (!rowbits_has(bits, row)) {
            continue;
        }
        if (members <= most || rng_permute(&order, place) < most) {
            rows[taken++] = row;
        }
        place++;
    }
    return taken;
}
