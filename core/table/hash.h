/* hash.h: a 64-bit fingerprint of a stream of bytes, the same however the stream is cut.
 *
 * FNV-1a over little-endian 64-bit words with one extra shift a word, so that high bits reach low
 * ones; the length closes it. Not cryptographic: it tells files and matrices apart, it does not
 * protect them.
 */
#ifndef TABLE_HASH_H
#define TABLE_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t state;
    uint64_t word;  /* bytes that do not fill a word yet */
    uint64_t bytes; /* hashed so far */
} hash;

static inline hash hash_start(void) {
    const hash h = {0xCBF29CE484222325u, 0, 0};
    return h;
}

static inline void hash_word(hash *h, uint64_t word) {
    h->state = (h->state ^ word) * 0x100000001B3u;
    h->state ^= h->state >> 32;
}

static inline void hash_bytes(hash *h, const void *data, size_t n) {
    const uint8_t *p = data;
    size_t         i = 0;
    while (i < n) {
        if ((h->bytes & 7u) == 0 && n - i >= 8) {
            const uint64_t word = (uint64_t)p[i] | (uint64_t)p[i + 1] << 8 |
                                  (uint64_t)p[i + 2] << 16 | (uint64_t)p[i + 3] << 24 |
                                  (uint64_t)p[i + 4] << 32 | (uint64_t)p[i + 5] << 40 |
                                  (uint64_t)p[i + 6] << 48 | (uint64_t)p[i + 7] << 56;
            hash_word(h, word);
            h->bytes += 8;
            i += 8;
            continue;
        }
        h->word |= (uint64_t)p[i] << (8u * (unsigned)(h->bytes & 7u));
        h->bytes++;
        i++;
        if ((h->bytes & 7u) == 0) {
            hash_word(h, h->word);
            h->word = 0;
        }
    }
}

static inline void hash_value(hash *h, uint64_t value) {
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(value >> (8u * i));
    }
    hash_bytes(h, bytes, sizeof bytes);
}

static inline uint64_t hash_end(const hash *h) {
    hash last = *h;
    hash_word(&last, last.word);
    hash_word(&last, last.bytes);
    return last.state;
}

#endif
