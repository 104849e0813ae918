/* column.h: one typed column while it is read and afterwards. Internal to table/.
 *
 * Numbers are kept in the narrowest of four types that holds every value of the column exactly:
 *     u8   whole numbers in 0 … 255
 *     i32  whole numbers in -2^31 … 2^31 - 1
 *     f32  values that a float holds exactly
 *     f64  anything else
 * A column starts as u8 and is rewritten in a wider type when a value needs it; the result depends on
 * the set of values alone, not on their order. Text goes to a dictionary. Rows without a value store
 * nothing; a bitmap, made when first needed, marks them.
 */
#ifndef TABLE_COLUMN_H
#define TABLE_COLUMN_H

#include "base/status.h"
#include "table/table.h"
#include "table/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No dictionary entry: the row has no value. */
#define COLUMN_NO_CODE UINT32_MAX

typedef struct {
    /* The hot part: what storing a small whole number touches. */
    void    *data;     /* (filled) of type `store` */
    size_t   stride;   /* elements between rows: 1, or the row length of a block of pixels */
    uint32_t store;    /* table_store */
    uint32_t filled;   /* rows written, counting absent ones before a later value */
    uint32_t capacity; /* rows that data has room for */
    uint32_t numbers;  /* values stored as numbers */
    bool     borrowed; /* data is part of the table's block of pixels */

    uint8_t
        *absent; /* bitmap of rows < filled without a number; NULL: none; bits past its end are 0 */
    size_t absent_bytes;

    uint32_t *codes; /* (codes_filled) dictionary numbers, COLUMN_NO_CODE where there is none */
    uint32_t  codes_filled;
    uint32_t  codes_capacity;
    text      words;
    uint32_t  texts; /* cells in the dictionary */

    uint32_t infinite;     /* cells that are infinite or too large for a double */
    uint32_t bad;          /* cells of a number column that are text */
    bool     leading_zero; /* some cell is an integer with leading zeros */
    bool     beyond_exact; /* some cell is an integer beyond 2^53 */
    bool     not_whole;    /* some number was not written as an integer */
    bool     like_an_id;   /* decided before a second pass: kept as written */

    /* What table_settle() finds. */
    uint32_t kind; /* table_kind */
    uint32_t distinct;
    bool     integer;
    bool     near_constant;
    double   min, max, mean;

    double unit;     /* see column_moments */
    double variance; /* of value * unit, population, present values alone */

    /* Of a u8 column: exact sums, and which of the 256 values there are. Filled while pixels arrive,
     * else by column_settle(). */
    bool     summed;
    uint64_t sum, squares;
    uint64_t seen[4];

    uint32_t name, name_bytes; /* place in the table's names */
} column;

/* Stores a finite number for `row`, which is past every row stored so far. */
status column_put_number(column *c, uint32_t row, double value);

/* Stores a cell as text for `row`. *fresh: it was not in the dictionary. */
status column_put_text(column *c, uint32_t row, const uint8_t *s, size_t n, bool *fresh);

/* Marks the rows up to `rows` that have nothing as absent. */
status column_pad(column *c, uint32_t rows);

/* Drops the numbers, or the words. */
void column_drop_numbers(column *c);
void column_drop_text(column *c);

static inline bool column_is_absent(const column *c, uint32_t row) {
    return c->absent != NULL && (row >> 3) < c->absent_bytes &&
           ((uint32_t)c->absent[row >> 3] >> (row & 7u) & 1u) != 0;
}

/* The stored number, whether absent or not. */
static inline double column_at(const column *c, uint32_t row) {
    const size_t at = (size_t)row * c->stride;
    switch (c->store) {
        case TABLE_STORE_U8: return ((const uint8_t *)c->data)[at];
        case TABLE_STORE_I32: return ((const int32_t *)c->data)[at];
        case TABLE_STORE_F32: return (double)((const float *)c->data)[at];
        case TABLE_STORE_F64: return ((const double *)c->data)[at];
        default: return 0.0;
    }
}

/* Kind, counts and moments; `rows` of the table, `name` to know identifiers by. */
status column_settle(column *c, uint32_t rows, const uint8_t *name, uint32_t name_bytes);

/* Mean and population variance of the values * unit, absent rows counted as `fill` when `with_fill` and
 * left out otherwise. The unit is a power of 2: 1, unless squares could leave the range of a double.
 * Two passes; sums over blocks of 4,096 rows, then over blocks. */
typedef struct {
    double unit;
    double mean;     /* of value * unit */
    double variance; /* of value * unit */
} column_moments;

/* Counts one value of a u8 column in its sums. */
static inline void column_sum_u8(column *c, uint8_t v) {
    c->sum += v;
    c->squares += (uint32_t)v * v;
    c->seen[v >> 6] |= (uint64_t)1 << (v & 63u);
}

column_moments column_moments_of(const column *c, uint32_t rows, bool with_fill, double fill);

size_t column_memory(const column *c);
void   column_clear(column *c);

#endif
