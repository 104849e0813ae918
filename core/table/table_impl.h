/* table_impl.h: what a table is made of. For table/ alone; others use table.h. */
#ifndef TABLE_IMPL_H
#define TABLE_IMPL_H

#include "table/column.h"
#include "table/hash.h"
#include "table/table.h"

struct table {
    column   *columns; /* (n_columns) */
    uint32_t  n_columns;
    uint32_t  capacity; /* of columns */
    uint32_t  rows;
    uint32_t  settled; /* columns */
    uint8_t  *names;   /* the columns' names, one after the other */
    size_t    names_bytes, names_capacity;
    uint64_t *offset; /* (rows) start of each row, or NULL */
    uint32_t  offset_capacity;
    uint8_t  *pixels; /* (rows, pixel_columns) or NULL */
    uint32_t  pixel_columns;
    uint32_t  pixel_first; /* column of the first pixel */
    size_t    fed;         /* label and pixel bytes so far */
    uint64_t  fingerprint;
    hash      hash; /* while being fed */
};

status table_new(table **out);

/* A new column with a name that is made unique: "x" again becomes "x (2)"; an empty one "c7".
 * TOO_LARGE past TABLE_MAX_COLUMNS. */
status table_add_column(table *t, const uint8_t *name, size_t n, column **out);

/* Renames columns first … n_columns - 1 so that all are unique; called once all are known. */
status table_make_names_unique(table *t);

#endif
