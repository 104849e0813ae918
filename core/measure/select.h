/* select.h: rows by chance. Sets of rows are bits (base/rowbits.h).
 *
 * Both draw without replacement by a permutation that needs no memory (base/rng.h): the same seed gives
 * the same rows everywhere, and of more rows asked for the fewer are a part.
 */
#ifndef MEASURE_SELECT_H
#define MEASURE_SELECT_H

#include <stdint.h>

/* `count` different rows of n, all of them when count >= n: row i is in when its image under
 * rng_permutation_of(seed, RNG_SELECT, 0, n) is below count. Writes every word of bits, which has
 * rowbits_words(n) of them. O(n). */
void select_random(uint32_t n, uint32_t count, uint32_t seed, uint32_t *bits);

/* At most `most` rows of a set of rows below n, ascending: the whole set when it has no more, else exactly
 * `most` of it, each subset of that size as likely as any other (RNG_SAMPLE). Gives how many were
 * written; `rows` has room for `most`. O(n). */
uint32_t select_sample(const uint32_t *bits, uint32_t n, uint32_t most, uint32_t seed,
                       uint32_t *rows);

#endif
