/* rowbits.h: a set of rows as bits: bit (row & 31) of word (row >> 5), in (n + 31) / 32 words; the bits past
 * the last row are 0. The same layout as RowBits in web/protocol/messages.ts. */
#ifndef ROWBITS_H
#define ROWBITS_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t rowbits_words(uint32_t n) {
    return n / 32u + (n % 32u != 0 ? 1u : 0u);
}

static inline bool rowbits_has(const uint32_t *bits, uint32_t row) {
    return (bits[row >> 5] >> (row & 31u) & 1u) != 0;
}

static inline void rowbits_add(uint32_t *bits, uint32_t row) {
    bits[row >> 5] |= 1u << (row & 31u);
}

#endif
