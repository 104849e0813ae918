/* table.h: rows and typed columns, as read from a file or made.
 *
 * A table comes from csv_take() (csv.h), synthetic_new() (synthetic.h) or table_pixels_new() here. It
 * is then settled, a few columns a call, which finds kinds and statistics:
 *
 *     while (!table_settled(t)) TRY(table_settle(t, 16));
 *
 * and is read-only afterwards.
 *
 * Kinds, in the order they are tried:
 *     empty       no value at all
 *     identifier  kept as text: integers with leading zeros (00123) or beyond 2^53; or text that is
 *                 different in every row under a name like an identifier's; as numbers: whole, and
 *                 either under such a name and all different (or more than 10,000 different ones), or
 *                 at least 10 rows, none missing, that only rise or only fall. Such names are, in any
 *                 case: id, idx, index, key, row, rowid, rownames, row names, no, no., nr, nr., #,
 *                 uuid, guid, unnamed: 0, sample number; and those ending in _id, -id, .id, " id" or,
 *                 after a small letter, Id or ID
 *     constant    one distinct value
 *     number      at most 20 % of the cells with something in them are not numbers; those are bad
 *                 cells, read as missing
 *     category    text with at most 10,000 different values, some value met twice, and at most 20
 *                 of them or each met twice on average
 *     text        anything else
 */
#ifndef TABLE_H
#define TABLE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_MAX_COLUMNS  50000u
#define TABLE_MAX_ROWS     5000000u
#define TABLE_MAX_DISTINCT 10000u
#define TABLE_MANY         UINT32_MAX /* more distinct values than TABLE_MAX_DISTINCT */

typedef enum {
    TABLE_NUMBER = 0,
    TABLE_CATEGORY = 1,
    TABLE_TEXT = 2,
    TABLE_CONSTANT = 3,
    TABLE_IDENTIFIER = 4,
    TABLE_EMPTY = 5
} table_kind;

typedef enum {
    TABLE_STORE_NONE = 0, /* no numbers: words, or nothing */
    TABLE_STORE_U8 = 1,
    TABLE_STORE_I32 = 2,
    TABLE_STORE_F32 = 3,
    TABLE_STORE_F64 = 4
} table_store;

/* A wire struct: 4-byte fields only. */
typedef struct {
    uint32_t kind;          /* table_kind */
    uint32_t store;         /* table_store */
    uint32_t missing;       /* rows without a value, bad and infinite cells included */
    uint32_t distinct;      /* different values; TABLE_MANY for more than 10,000 */
    uint32_t integer;       /* 1: numbers, all of them whole */
    uint32_t bad;           /* cells of a number column that are not numbers */
    uint32_t infinite;      /* cells that are infinite or too large for a double */
    uint32_t words;         /* dictionary entries; 0 for numbers */
    uint32_t near_constant; /* 1: numbers whose variance is below 1e-24 of their square */
} table_column;

_Static_assert(sizeof(table_column) == 36, "table_column is a wire struct");

typedef struct table table;

void     table_free(table *t); /* NULL is allowed */
uint32_t table_rows(const table *t);
uint32_t table_columns(const table *t);
size_t   table_bytes(const table *t); /* of memory, what settling adds included */

/* Settles at most `columns` more columns. NO_MEMORY: call again, or free. */
status   table_settle(table *t, uint32_t columns);
bool     table_settled(const table *t);
uint32_t table_settled_columns(const table *t); /* progress, of table_columns() */

/* 64 bits, low word first: equal for equal bytes read in the same way. */
void table_fingerprint(const table *t, uint32_t out[2]);

/* The name of a column: UTF-8 as written, not terminated, not always unique as a C string of the
 * caller's making but unique within the table. */
const uint8_t *table_name(const table *t, uint32_t column);
uint32_t       table_name_bytes(const table *t, uint32_t column);

void table_column_info(const table *t, uint32_t column, table_column *out);

/* min, max, mean of a column's numbers; NaN when it has none. The mean is NaN too when it is beyond a
 * double. */
void table_column_stats(const table *t, uint32_t column, double out[3]);

/* Entry `word` of a column's dictionary. Of a category: the most frequent first. */
const uint8_t *table_word(const table *t, uint32_t column, uint32_t word);
uint32_t       table_word_bytes(const table *t, uint32_t column, uint32_t word);
uint32_t table_word_count(const table *t, uint32_t column, uint32_t word); /* rows that have it */

/* One cell: its number (NaN when missing or not a number), its dictionary entry (UINT32_MAX). */
double   table_number(const table *t, uint32_t row, uint32_t column);
uint32_t table_code(const table *t, uint32_t row, uint32_t column);

/* A whole column as floats, NaN = missing; values beyond a float become the largest one. */
void table_numbers(const table *t, uint32_t column, float *out);

/* A whole column of dictionary entries: 65535 = missing, 65534 = entry 10,000 or later. */
void table_codes(const table *t, uint32_t column, uint16_t *out);

/* Bytes from the start of what was read to the start of the row; 0 for tables not read from text. */
double table_row_offset(const table *t, uint32_t row);

/* A table from a row-major block of bytes, for images: a category column `label_name` with `classes`
 * (names one after the other, each ending in a line feed) when n_classes > 0, then d columns
 * "pixel 1" … "pixel d". Takes n labels (bytes below n_classes; none when there are no classes), then
 * n * d pixels, through table_pixels_feed() in pieces of any size. The pixels stay one block, which
 * features may borrow.
 * BAD_SHAPE when n or d is 0, or n_classes is over 256 or differs from the names given; TOO_LARGE past
 * the limits above or 2^32 - 1 bytes of pixels. */
status table_pixels_new(table **out, uint32_t n, uint32_t d, const uint8_t *label_name,
                        uint32_t label_name_bytes, const uint8_t *classes, uint32_t classes_bytes,
                        uint32_t n_classes);

/* BAD_DATA for a label that is no class, and for more bytes than there should be. */
status table_pixels_feed(table *t, const uint8_t *bytes, uint32_t n);

/* BAD_DATA when bytes are missing. The table may be settled after this. */
status table_pixels_end(table *t);

#endif
