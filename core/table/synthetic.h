/* synthetic.h: made data whose shape is known, to see what a method does to it.
 *
 *     synthetic *s;
 *     TRY(synthetic_new(&s, SYNTHETIC_BLOBS, 2000, 1));
 *     while (!synthetic_done(s)) TRY(synthetic_step(s, 10000));
 *     table *t = synthetic_take(s);      then settle it (table.h)
 *     synthetic_free(s);
 *
 * Every number is drawn by the row's own address (rng.h, RNG_SYNTHETIC), so the same kind, n and seed
 * give the same bits, and the first rows of a longer table are those of a shorter one.
 *
 *   SWISS_ROLL  x1, x2, x3: a sheet rolled up one and a half times; angle a = 3/2 pi (1 + 2 u),
 *               (a cos a, 21 v, a sin a) for u, v uniform in [0, 1). `position` = u.
 *   BLOBS       x1 … x8: five normal clouds of standard deviation 1 around centres uniform in
 *               [-10, 10)^8. `blob` = "blob 1" … "blob 5".
 *   RINGS       x1, x2, x3: two linked circles of radius 1, one flat, one upright through its middle,
 *               with noise of standard deviation 0.03. `ring` = "ring 1", "ring 2".
 *   TREFOIL     x1, x2, x3: the trefoil knot (sin a + 2 sin 2a, cos a - 2 cos 2a, -sin 3a), with
 *               noise of standard deviation 0.03. `position` = a / 2 pi, in [0, 1).
 */
#ifndef TABLE_SYNTHETIC_H
#define TABLE_SYNTHETIC_H

#include "base/status.h"
#include "table/table.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    SYNTHETIC_SWISS_ROLL = 0,
    SYNTHETIC_BLOBS = 1,
    SYNTHETIC_RINGS = 2,
    SYNTHETIC_TREFOIL = 3
} synthetic_kind;

typedef struct synthetic synthetic;

/* BAD_PARAM: no such kind, or no rows. TOO_LARGE: more than TABLE_MAX_ROWS rows. */
status synthetic_new(synthetic **out, uint32_t kind, uint32_t n, uint32_t seed);

/* Makes at most `rows` more rows. After a status that is not OK only synthetic_free() may be called. */
status   synthetic_step(synthetic *s, uint32_t rows);
bool     synthetic_done(const synthetic *s);
uint32_t synthetic_rows_done(const synthetic *s);

table *synthetic_take(
    synthetic *s); /* when done: the table, now the caller's; NULL the second time */
void synthetic_free(synthetic *s); /* NULL is allowed */

#endif
