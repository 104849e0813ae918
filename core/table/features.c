#include "table/features.h"

#include "base/mem.h"
#include "table/table_impl.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { VALUES_A_UNIT = 65536, MOST_ROWS_A_UNIT = 4096, LANES = 4 };

/* scaled = (value * unit - offset) / divisor; 0 when the divisor is 0. */
typedef struct {
    double   unit, offset, divisor;
    double   fill;     /* for missing values */
    double   variance; /* in scaled units */
    uint32_t source;
    uint32_t category;
} feature;

struct features {
    const table *t;
    matrix       x;
    feature     *feature; /* (d) */
    uint32_t    *outcome; /* (n_columns) */
    float       *scale;   /* (d), MATRIX_U8 with BY_255 */
    void        *data;    /* (n, stride) unless borrowed */
    double      *scratch; /* (n) for medians, or NULL */
    uint32_t     scaling;
    uint32_t     analysed; /* features */
    uint32_t     written;  /* rows */
    uint32_t     rows_a_unit;
    uint32_t     filled_values, filled_columns;
    bool         unit_range;
    double       baseline;
    uint64_t     fingerprint;
    hash         hash;
};

/* What features_new() will make, found without allocating. */
typedef struct {
    uint32_t d;
    uint32_t scaling;
    bool     bytes;
    bool     borrows;
    bool     medians;
    bool     keeps; /* constant columns */
} plan;

void features_params_default(features_params *p) {
    p->scale = FEATURES_AUTO;
    p->keep_constant = 0;
}

/* ---------------------------------------------------------------- planning */

static uint32_t outcome_of(const column *c, bool keeps) {
    if (c->kind == TABLE_EMPTY) {
        return FEATURES_EMPTY;
    }
    if (c->store != TABLE_STORE_NONE) {
        if (keeps) {
            return FEATURES_NUMBER;
        }
        return c->distinct == 1   ? FEATURES_CONSTANT
               : c->near_constant ? FEATURES_NEAR_CONSTANT
                                  : FEATURES_NUMBER;
    }
    if (c->kind == TABLE_CATEGORY) {
        return c->distinct > FEATURES_MAX_CATEGORIES ? FEATURES_TOO_MANY : FEATURES_ONE_HOT;
    }
    return c->kind == TABLE_CONSTANT ? FEATURES_CONSTANT : FEATURES_TEXT;
}

static uint32_t width_of(const column *c, uint32_t outcome) {
    if (outcome == FEATURES_ONE_HOT) {
        const uint32_t n = c->words.n;
        return n > FEATURES_MAX_ONE_HOT ? FEATURES_MAX_ONE_HOT + 1 : n;
    }
    return outcome == FEATURES_NUMBER ? 1 : 0;
}

static bool borrows_pixels(const table *t, const uint32_t *columns, uint32_t n_columns) {
    if (t->pixels == NULL || n_columns != t->pixel_columns) {
        return false;
    }
    for (uint32_t i = 0; i < n_columns; i++) {
        if (columns[i] != t->pixel_first + i) {
            return false;
        }
    }
    return true;
}

static status make_plan(plan *out, const table *t, const features_params *p,
                        const uint32_t *columns, uint32_t n_columns) {
    memset(out, 0, sizeof *out);
    if (p->scale > FEATURES_BY_255) {
        return STATUS_BAD_PARAM;
    }
    bool   all_u8 = true; /* of the columns that can be used */
    bool   missing = false;
    double largest = 0.0;
    for (uint32_t i = 0; i < n_columns; i++) {
        if (columns[i] >= t->n_columns) {
            return STATUS_BAD_PARAM;
        }
        const column  *c = &t->columns[columns[i]];
        const uint32_t outcome = outcome_of(c, true);
        if (outcome == FEATURES_NUMBER) {
            all_u8 = all_u8 && c->store == TABLE_STORE_U8;
            missing = missing || c->numbers < t->rows;
            largest = c->max > largest ? c->max : largest;
        } else if (outcome == FEATURES_ONE_HOT) {
            all_u8 = false;
        }
    }
    out->scaling = p->scale != FEATURES_AUTO   ? p->scale
                   : all_u8 && largest > 127.0 ? FEATURES_BY_255
                                               : FEATURES_STANDARD;
    const bool byte_scale = out->scaling == FEATURES_BY_255 || out->scaling == FEATURES_NONE;
    out->bytes = all_u8 && !missing && byte_scale;
    out->keeps = out->bytes || p->keep_constant != 0;
    uint64_t d = 0;
    for (uint32_t i = 0; i < n_columns; i++) {
        const column  *c = &t->columns[columns[i]];
        const uint32_t outcome = outcome_of(c, out->keeps);
        d += width_of(c, outcome);
        out->medians = out->medians || (outcome == FEATURES_NUMBER && c->numbers < t->rows);
    }
    if (d == 0 || t->rows == 0) {
        return STATUS_BAD_SHAPE;
    }
    if (d * t->rows > FEATURES_MAX_VALUES) {
        return STATUS_TOO_LARGE;
    }
    out->d = (uint32_t)d;
    out->borrows = out->bytes && borrows_pixels(t, columns, n_columns);
    return STATUS_OK;
}

static uint32_t stride_of(const plan *p) {
    return p->bytes ? p->d : (p->d + LANES - 1) / LANES * LANES;
}

static size_t layout(features **f, void *base, const table *t, const plan *p, uint32_t n_columns) {
    mem_layout l = {base, 0};
    features  *object = mem_part(&l, 1, sizeof *object);
    feature   *list = mem_part(&l, p->d, sizeof *list);
    uint32_t  *outcome = mem_part(&l, n_columns, sizeof *outcome);
    float     *scale = mem_part(&l, p->bytes ? p->d : 0, sizeof *scale);
    double    *scratch = mem_part(&l, p->medians ? t->rows : 0, sizeof *scratch);
    size_t     values;
    mem_mul(&values, p->borrows ? 0 : t->rows, stride_of(p));
    void *data = mem_part(&l, values, p->bytes ? 1 : sizeof(float));
    if (base != NULL) {
        object->feature = list;
        object->outcome = outcome;
        object->scale = scale;
        object->scratch = scratch;
        object->data = p->borrows ? t->pixels : data;
        *f = object;
    }
    return l.size;
}

size_t features_bytes(const table *t, const features_params *p, const uint32_t *columns,
                      uint32_t n_columns) {
    plan made;
    if (make_plan(&made, t, p, columns, n_columns) != STATUS_OK) {
        return SIZE_MAX;
    }
    return layout(NULL, NULL, t, &made, n_columns);
}

static void list_features(features *f, const plan *p, const uint32_t *columns, uint32_t n_columns) {
    uint32_t j = 0;
    for (uint32_t i = 0; i < n_columns; i++) {
        const column  *c = &f->t->columns[columns[i]];
        const uint32_t outcome = outcome_of(c, p->keeps);
        const uint32_t width = width_of(c, outcome);
        f->outcome[i] = outcome;
        for (uint32_t k = 0; k < width; k++, j++) {
            f->feature[j].source = columns[i];
            f->feature[j].category = outcome == FEATURES_NUMBER  ? FEATURES_NO_CATEGORY
                                     : k == FEATURES_MAX_ONE_HOT ? FEATURES_OTHER
                                                                 : k;
        }
        if (outcome == FEATURES_NUMBER && c->numbers < f->t->rows) {
            f->filled_values += f->t->rows - c->numbers;
            f->filled_columns++;
        }
    }
}

status features_new(features **out, const table *t, const features_params *p,
                    const uint32_t *columns, uint32_t n_columns) {
    *out = NULL;
    plan made;
    TRY(make_plan(&made, t, p, columns, n_columns));
    const size_t size = layout(NULL, NULL, t, &made, n_columns);
    void        *base = size == SIZE_MAX ? NULL : mem_alloc(size);
    if (base == NULL) {
        return STATUS_NO_MEMORY;
    }
    features *f = NULL;
    layout(&f, base, t, &made, n_columns);
    f->t = t;
    f->scaling = made.scaling;
    f->x.data = f->data;
    f->x.dtype = made.bytes ? MATRIX_U8 : MATRIX_F32;
    f->x.n = t->rows;
    f->x.d = made.d;
    f->x.stride = stride_of(&made);
    if (made.bytes && made.scaling == FEATURES_BY_255) {
        for (uint32_t j = 0; j < made.d; j++) {
            f->scale[j] = 1.0f / 255.0f;
        }
        f->x.scale = f->scale;
    }
    assert(made.d > 0);
    f->rows_a_unit = VALUES_A_UNIT / made.d;
    f->rows_a_unit = f->rows_a_unit < 1 ? 1 : f->rows_a_unit;
    f->rows_a_unit = f->rows_a_unit > MOST_ROWS_A_UNIT ? MOST_ROWS_A_UNIT : f->rows_a_unit;
    f->unit_range = true;
    f->hash = hash_start();
    list_features(f, &made, columns, n_columns);
    *out = f;
    return STATUS_OK;
}

void features_free(features *f) {
    mem_free(f);
}

/* ---------------------------------------------------------------- analysing */

/* The k-th smallest of a (0 = the smallest); a is reordered. Median-of-three quickselect. */
static double select_kth(double *a, size_t n, size_t k) {
    size_t low = 0;
    size_t high = n - 1;
    while (low < high) {
        const double x = a[low];
        const double y = a[low + (high - low) / 2];
        const double z = a[high];
        const double pivot = x < y ? (y < z ? y : x < z ? z : x) : (x < z ? x : y < z ? z : y);
        size_t       i = low;
        size_t       j = high;
        for (;;) {
            while (a[i] < pivot) {
                i++;
            }
            while (a[j] > pivot) {
                j--;
            }
            if (i >= j) {
                break;
            }
            const double swap = a[i];
            a[i++] = a[j];
            a[j--] = swap;
        }
        /* a[low … i - 1] <= pivot <= a[j + 1 … high], and i is j or j + 1 */
        if (i == j) {
            if (k < i) {
                high = i - 1;
            } else if (k > i) {
                low = i + 1;
            } else {
                return a[k];
            }
        } else if (k <= j) {
            high = j;
        } else {
            low = i;
        }
    }
    return a[k];
}

static double median_of(const column *c, uint32_t rows, double *scratch) {
    size_t n = 0;
    for (uint32_t row = 0; row < rows; row++) {
        if (!column_is_absent(c, row)) {
            scratch[n++] = column_at(c, row);
        }
    }
    const double upper = select_kth(scratch, n, n / 2);
    if (n % 2 == 1) {
        return upper;
    }
    const double lower = select_kth(scratch, n, n / 2 - 1);
    return lower * 0.5 + upper * 0.5;
}

static void analyse_number(features *f, feature *j, const column *c) {
    double mean = c->mean * c->unit;
    double variance = c->variance;
    j->unit = c->unit;
    if (c->numbers < f->t->rows) {
        j->fill = median_of(c, f->t->rows, f->scratch);
        const column_moments m = column_moments_of(c, f->t->rows, true, j->fill);
        mean = m.mean;
        variance = m.variance;
    }
    const bool constant = c->distinct == 1 || c->near_constant;
    switch (f->scaling) {
        case FEATURES_STANDARD:
            j->offset = mean;
            j->divisor = constant ? 0.0 : sqrt(variance);
            f->unit_range = false;
            break;
        case FEATURES_MINMAX:
            j->offset = c->min * c->unit;
            j->divisor = c->max * c->unit - c->min * c->unit;
            break;
        case FEATURES_BY_255:
            j->divisor = 255.0 * c->unit;
            f->unit_range = f->unit_range && c->min >= 0.0 && c->max <= 255.0;
            break;
        default:
            j->divisor = c->unit;
            f->unit_range = f->unit_range && c->min >= 0.0 && c->max <= 1.0;
            break;
    }
    j->variance = j->divisor != 0.0 ? variance / (j->divisor * j->divisor) : 0.0;
}

static void analyse_category(const features *f, feature *j, const column *c) {
    double count = 0.0;
    if (j->category != FEATURES_OTHER) {
        count = c->words.count[j->category];
    } else {
        for (uint32_t k = FEATURES_MAX_ONE_HOT; k < c->words.n; k++) {
            count += c->words.count[k];
        }
    }
    const double share = count / (double)f->t->rows;
    j->unit = 1.0;
    j->divisor = 1.0;
    j->variance = share * (1.0 - share);
}

static void analyse(features *f, uint32_t j) {
    feature      *k = &f->feature[j];
    const column *c = &f->t->columns[k->source];
    if (k->category == FEATURES_NO_CATEGORY) {
        analyse_number(f, k, c);
    } else {
        analyse_category(f, k, c);
    }
    f->baseline += k->variance / (double)f->x.d;
}

/* ---------------------------------------------------------------- writing */

static float to_float(double v) {
    const double largest = 3.4028234663852886e38;
    return (float)(v > largest ? largest : v < -largest ? -largest : v);
}

static float scaled(const features *f, const feature *k, double value) {
    if (k->divisor == 0.0) {
        return 0.0f;
    }
    const double v = (value * k->unit - k->offset) / k->divisor;
    if (f->scaling == FEATURES_MINMAX) { /* rounding alone can pass the ends */
        return (float)(v < 0.0 ? 0.0 : v > 1.0 ? 1.0 : v);
    }
    return to_float(v);
}

static void write_floats(features *f, uint32_t first, uint32_t end) {
    float       *data = f->data;
    const size_t stride = f->x.stride;
    for (uint32_t j = 0; j < f->x.d; j++) {
        const feature *k = &f->feature[j];
        const column  *c = &f->t->columns[k->source];
        if (k->category == FEATURES_NO_CATEGORY) {
            for (uint32_t row = first; row < end; row++) {
                const double v = column_is_absent(c, row) ? k->fill : column_at(c, row);
                data[row * stride + j] = scaled(f, k, v);
            }
            continue;
        }
        for (uint32_t row = first; row < end; row++) {
            const uint32_t code = c->codes[row];
            const bool     other = code != COLUMN_NO_CODE && code >= FEATURES_MAX_ONE_HOT;
            const bool     is = k->category == FEATURES_OTHER ? other : code == k->category;
            data[row * stride + j] = is ? 1.0f : 0.0f;
        }
    }
}

static void write_bytes(features *f, uint32_t first, uint32_t end) {
    uint8_t *data = f->data;
    for (uint32_t j = 0; j < f->x.d; j++) {
        const column  *c = &f->t->columns[f->feature[j].source];
        const uint8_t *src = c->data;
        for (uint32_t row = first; row < end; row++) {
            data[(size_t)row * f->x.stride + j] = src[(size_t)row * c->stride];
        }
    }
}

static void write_rows(features *f) {
    const uint32_t first = f->written;
    const uint32_t left = f->x.n - first;
    const uint32_t end = first + (left < f->rows_a_unit ? left : f->rows_a_unit);
    const bool     bytes = f->x.dtype == MATRIX_U8;
    if (bytes && f->data != f->t->pixels) {
        write_bytes(f, first, end);
    } else if (!bytes) {
        write_floats(f, first, end);
    }
    const size_t row_bytes = f->x.stride * (bytes ? 1 : sizeof(float));
    hash_bytes(&f->hash, (const uint8_t *)f->data + first * row_bytes, (end - first) * row_bytes);
    f->written = end;
    if (end == f->x.n) {
        hash_value(&f->hash, f->x.d);
        hash_value(&f->hash, f->x.dtype);
        hash_value(&f->hash, f->scaling);
        f->fingerprint = hash_end(&f->hash);
    }
}

status features_step(features *f, uint32_t units) {
    for (; units > 0 && !features_done(f); units--) {
        if (f->analysed < f->x.d) {
            analyse(f, f->analysed++);
        } else {
            write_rows(f);
        }
    }
    return STATUS_OK;
}

/* ---------------------------------------------------------------- reading */

bool features_done(const features *f) {
    return f->written == f->x.n;
}

static uint32_t blocks(const features *f, uint32_t rows) {
    return rows / f->rows_a_unit + (rows % f->rows_a_unit != 0 ? 1u : 0u);
}

uint32_t features_units_done(const features *f) {
    return f->analysed + blocks(f, f->written);
}

uint32_t features_units(const features *f) {
    return f->x.d + blocks(f, f->x.n);
}

const matrix *features_matrix(const features *f) {
    return &f->x;
}

uint32_t features_rows(const features *f) {
    return f->x.n;
}

uint32_t features_count(const features *f) {
    return f->x.d;
}

uint32_t features_source(const features *f, uint32_t j) {
    return f->feature[j].source;
}

uint32_t features_category(const features *f, uint32_t j) {
    return f->feature[j].category;
}

uint32_t features_scale(const features *f) {
    return f->scaling;
}

uint32_t features_column_outcome(const features *f, uint32_t asked) {
    return f->outcome[asked];
}

uint32_t features_in_unit_range(const features *f) {
    return f->unit_range ? 1 : 0;
}

uint32_t features_is_bytes(const features *f) {
    return f->x.dtype == MATRIX_U8 ? 1 : 0;
}

uint32_t features_filled_values(const features *f) {
    return f->filled_values;
}

uint32_t features_filled_columns(const features *f) {
    return f->filled_columns;
}

double features_baseline(const features *f) {
    return f->baseline;
}

void features_fingerprint(const features *f, uint32_t out[2]) {
    out[0] = (uint32_t)f->fingerprint;
    out[1] = (uint32_t)(f->fingerprint >> 32);
}

void features_row(const features *f, uint32_t row, float *out) {
    matrix_row(&f->x, row, out);
}

void features_to_raw(const features *f, const float *values, float *out) {
    for (uint32_t j = 0; j < f->x.d; j++) {
        const feature *k = &f->feature[j];
        out[j] = to_float(((double)values[j] * k->divisor + k->offset) / k->unit);
    }
}
