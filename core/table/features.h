/* features.h: columns of a table to one matrix, and the way back.
 *
 *     features *f;
 *     TRY(features_new(&f, t, &params, columns, n_columns));
 *     while (!features_done(f)) TRY(features_step(f, 4));
 *     const matrix *x = features_matrix(f);
 *
 * What is done, in this order:
 *   - A number column gives one feature. Its missing values become the median of its present ones (for
 *     an even count the mean of the two in the middle).
 *   - A category column gives one feature for each of its 64 most frequent categories, 1 or 0, and one
 *     more, "other", when there are further ones. A row without a value has 0 in all. Scaling leaves
 *     these features as they are. A column of more than 1,000 categories is not used.
 *   - Text, and columns without any value, are not used. Constant and nearly constant columns (variance
 *     at most 1e-24 of the largest value squared) are not used, unless the matrix is one of bytes or
 *     params.keep_constant says so; they are then 0 after STANDARD and MINMAX.
 *   - Scaling:
 *         NONE      the value, limited to the range of a float
 *         STANDARD  (value - mean) / sd, population, over all rows after filling
 *         MINMAX    (value - min) / (max - min)
 *         BY_255    value / 255
 *         AUTO      BY_255 when every used column is a number, whole, within 0 … 255, and the largest
 *                   value exceeds 127; else STANDARD
 *   - With BY_255 or NONE, when every used column is whole numbers in 0 … 255 and none has a missing
 *     value, the matrix is of bytes (MATRIX_U8; 70,000 x 784 is 55 MB) with scale 1/255 or NULL.
 *     A table's own block of pixels is borrowed, not copied, when its columns are used whole and in
 *     order. Else the matrix is MATRIX_F32, stride a multiple of 4, zero padded, rows 64-byte aligned at
 *     the first.
 *
 * Sums are in double over fixed blocks of rows: the same bits everywhere and however stepped.
 */
#ifndef TABLE_FEATURES_H
#define TABLE_FEATURES_H

#include "base/status.h"
#include "math/matrix.h"
#include "table/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEATURES_MAX_VALUES     250000000u /* rows x features */
#define FEATURES_MAX_ONE_HOT    64u
#define FEATURES_MAX_CATEGORIES 1000u

typedef enum {
    FEATURES_AUTO = 0,
    FEATURES_NONE = 1,
    FEATURES_STANDARD = 2,
    FEATURES_MINMAX = 3,
    FEATURES_BY_255 = 4
} features_scaling;

/* What became of a column that was asked for. */
typedef enum {
    FEATURES_NUMBER = 0,  /* used */
    FEATURES_ONE_HOT = 1, /* used */
    FEATURES_CONSTANT = 2,
    FEATURES_NEAR_CONSTANT = 3,
    FEATURES_EMPTY = 4,
    FEATURES_TEXT = 5,
    FEATURES_TOO_MANY = 6 /* categories */
} features_outcome;

/* A feature that is no category of its column; the one for all further categories. */
#define FEATURES_NO_CATEGORY UINT32_MAX
#define FEATURES_OTHER       (UINT32_MAX - 1u)

/* A wire struct: 4-byte fields only. */
typedef struct {
    uint32_t scale; /* features_scaling; default AUTO */
    uint32_t
        keep_constant; /* 1: constant columns stay, so that an image keeps its shape; default 0 */
} features_params;

_Static_assert(sizeof(features_params) == 8, "features_params is a wire struct");

typedef struct features features;

void features_params_default(features_params *p);

/* Bytes features_new() would claim; SIZE_MAX when that is beyond all bounds. */
size_t features_bytes(const table *t, const features_params *p, const uint32_t *columns,
                      uint32_t n_columns);

/* Features of a settled table, which is borrowed and must outlive the object. `columns` are indices,
 * in the order wanted, copied.
 * BAD_PARAM: the scale, or an index past the end. BAD_SHAPE: no rows, or no column can be used.
 * TOO_LARGE: past FEATURES_MAX_VALUES. */
status features_new(features **out, const table *t, const features_params *p,
                    const uint32_t *columns, uint32_t n_columns);
void   features_free(features *f); /* NULL is allowed */

/* At most `units` more units: a column to analyse, or a block of rows to write. Never allocates. */
status   features_step(features *f, uint32_t units);
bool     features_done(const features *f);
uint32_t features_units_done(const features *f);
uint32_t features_units(const features *f);

/* The matrix; its values are there when done. Owned by f. */
const matrix *features_matrix(const features *f);
uint32_t      features_rows(const features *f);
uint32_t      features_count(const features *f);                /* d */
uint32_t      features_source(const features *f, uint32_t j);   /* column of the table */
uint32_t      features_category(const features *f, uint32_t j); /* entry, NO_CATEGORY or OTHER */

uint32_t features_scale(const features *f);                          /* what AUTO became */
uint32_t features_column_outcome(const features *f, uint32_t asked); /* of columns[asked] */
uint32_t features_in_unit_range(const features *f);  /* 1: every value lies in [0, 1] */
uint32_t features_is_bytes(const features *f);       /* 1: MATRIX_U8 */
uint32_t features_filled_values(const features *f);  /* missing values that became medians */
uint32_t features_filled_columns(const features *f); /* in so many columns */

/* Mean over features of their variance in scaled units: the mean squared error of a model that
 * predicts each feature's mean. When done. */
double features_baseline(const features *f);

/* 64 bits over the matrix and its scale, low word first. When done. */
void features_fingerprint(const features *f, uint32_t out[2]);

/* One row, d scaled floats. */
void features_row(const features *f, uint32_t row, float *out);

/* d scaled floats to the units of the file; one-hot features stay. out may be values. */
void features_to_raw(const features *f, const float *values, float *out);

#endif
