#include "table/table.h"

#include "base/mem.h"
#include "table/table_impl.h"

#include <string.h>

static double not_a_number(void) {
    const uint64_t bits = 0x7FF8000000000000u;
    double         value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

status table_new(table **out) {
    *out = NULL;
    table *t = mem_alloc(sizeof *t);
    if (t == NULL) {
        return STATUS_NO_MEMORY;
    }
    t->hash = hash_start();
    *out = t;
    return STATUS_OK;
}

void table_free(table *t) {
    if (t == NULL) {
        return;
    }
    for (uint32_t j = 0; j < t->n_columns; j++) {
        column_clear(&t->columns[j]);
    }
    mem_free(t->columns);
    mem_free(t->names);
    mem_free(t->offset);
    mem_free(t->pixels);
    mem_free(t);
}

/* ---------------------------------------------------------------- names */

static status add_name(table *t, const uint8_t *name, size_t n) {
    if (t->names == NULL || t->names_bytes + n > t->names_capacity) {
        const size_t want = (t->names_bytes + n) * 2 + 64;
        uint8_t     *names = mem_realloc(t->names, want);
        if (names == NULL) {
            return STATUS_NO_MEMORY;
        }
        t->names = names;
        t->names_capacity = want;
    }
    memcpy(t->names + t->names_bytes, name, n);
    t->names_bytes += n;
    return STATUS_OK;
}

/* Decimal digits of v; returns how many. */
static size_t write_decimal(uint8_t *dst, uint32_t v) {
    uint8_t digits[10];
    size_t  n = 0;
    do {
        digits[n++] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    for (size_t i = 0; i < n; i++) {
        dst[i] = digits[n - 1 - i];
    }
    return n;
}

status table_add_column(table *t, const uint8_t *name, size_t n, column **out) {
    *out = NULL;
    if (t->n_columns >= TABLE_MAX_COLUMNS || n + 16 > UINT32_MAX - t->names_bytes) {
        return STATUS_TOO_LARGE;
    }
    if (t->n_columns == t->capacity) {
        const uint32_t want = t->capacity * 2 + 16;
        column        *columns = mem_realloc(t->columns, (size_t)want * sizeof *columns);
        if (columns == NULL) {
            return STATUS_NO_MEMORY;
        }
        t->columns = columns;
        t->capacity = want;
    }
    uint8_t      made[16] = {'c'};
    const size_t first = t->names_bytes;
    if (n == 0) {
        n = 1 + write_decimal(made + 1, t->n_columns + 1);
        name = made;
    }
    TRY(add_name(t, name, n));
    column *c = &t->columns[t->n_columns++];
    memset(c, 0, sizeof *c);
    c->stride = 1;
    c->name = (uint32_t)first;
    c->name_bytes = (uint32_t)n;
    *out = c;
    return STATUS_OK;
}

/* Registers the column's name in `used`, or the first free one of "name (2)", "name (3)" … */
static status give_name(table *t, column *c, text *used) {
    uint32_t code;
    bool     fresh;
    TRY(text_add(used, t->names + c->name, c->name_bytes, &code, &fresh));
    if (fresh) {
        return STATUS_OK;
    }
    const size_t n = c->name_bytes;
    uint8_t     *longer = mem_alloc(n + 16);
    if (longer == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(longer, t->names + c->name, n);
    status s = STATUS_OK;
    /* The dictionary counts how often a name came, so many equal ones do not start at 2 each. */
    for (uint32_t k = used->count[code]; s == STATUS_OK && !fresh; k++) {
        memcpy(longer + n, " (", 2);
        size_t length = n + 2 + write_decimal(longer + n + 2, k);
        longer[length++] = ')';
        uint32_t unused;
        s = text_add(used, longer, length, &unused, &fresh);
        if (s == STATUS_OK && fresh) {
            const size_t first = t->names_bytes;
            s = first + length > UINT32_MAX ? STATUS_TOO_LARGE : add_name(t, longer, length);
            if (s == STATUS_OK) {
                c->name = (uint32_t)first;
                c->name_bytes = (uint32_t)length;
            }
        }
    }
    mem_free(longer);
    return s;
}

status table_make_names_unique(table *t) {
    text   used = {0};
    status s = STATUS_OK;
    for (uint32_t j = 0; s == STATUS_OK && j < t->n_columns; j++) {
        s = give_name(t, &t->columns[j], &used);
    }
    text_clear(&used);
    return s;
}

/* ---------------------------------------------------------------- reading */

uint32_t table_rows(const table *t) {
    return t->rows;
}

uint32_t table_columns(const table *t) {
    return t->n_columns;
}

size_t table_bytes(const table *t) {
    size_t bytes = sizeof *t + t->names_capacity + (size_t)t->offset_capacity * sizeof *t->offset;
    bytes += (size_t)t->rows * t->pixel_columns;
    for (uint32_t j = 0; j < t->n_columns; j++) {
        bytes += column_memory(&t->columns[j]);
    }
    return bytes;
}

status table_settle(table *t, uint32_t columns) {
    while (columns-- > 0 && t->settled < t->n_columns) {
        column *c = &t->columns[t->settled];
        TRY(column_settle(c, t->rows, t->names + c->name, c->name_bytes));
        t->settled++;
    }
    return STATUS_OK;
}

bool table_settled(const table *t) {
    return t->settled == t->n_columns;
}

uint32_t table_settled_columns(const table *t) {
    return t->settled;
}

void table_fingerprint(const table *t, uint32_t out[2]) {
    out[0] = (uint32_t)t->fingerprint;
    out[1] = (uint32_t)(t->fingerprint >> 32);
}

const uint8_t *table_name(const table *t, uint32_t j) {
    return t->names + t->columns[j].name;
}

uint32_t table_name_bytes(const table *t, uint32_t j) {
    return t->columns[j].name_bytes;
}

void table_column_info(const table *t, uint32_t j, table_column *out) {
    const column *c = &t->columns[j];
    out->kind = c->kind;
    out->store = c->store;
    out->missing = t->rows - (c->store != TABLE_STORE_NONE ? c->numbers : c->texts);
    out->distinct = c->distinct;
    out->integer = c->integer ? 1 : 0;
    out->bad = c->bad;
    out->infinite = c->infinite;
    out->words = c->words.n;
    out->near_constant = c->near_constant ? 1 : 0;
}

void table_column_stats(const table *t, uint32_t j, double out[3]) {
    const column *c = &t->columns[j];
    const bool    known = c->numbers > 0;
    out[0] = known ? c->min : not_a_number();
    out[1] = known ? c->max : not_a_number();
    out[2] = known ? c->mean : not_a_number();
}

const uint8_t *table_word(const table *t, uint32_t j, uint32_t word) {
    uint32_t n;
    return text_get(&t->columns[j].words, word, &n);
}

uint32_t table_word_bytes(const table *t, uint32_t j, uint32_t word) {
    uint32_t n;
    text_get(&t->columns[j].words, word, &n);
    return n;
}

uint32_t table_word_count(const table *t, uint32_t j, uint32_t word) {
    return t->columns[j].words.count[word];
}

double table_number(const table *t, uint32_t row, uint32_t j) {
    const column *c = &t->columns[j];
    if (c->store == TABLE_STORE_NONE || row >= c->filled || column_is_absent(c, row)) {
        return not_a_number();
    }
    return column_at(c, row);
}

uint32_t table_code(const table *t, uint32_t row, uint32_t j) {
    const column *c = &t->columns[j];
    return row < c->codes_filled ? c->codes[row] : COLUMN_NO_CODE;
}

static float to_float(double v) {
    const double largest = 3.4028234663852886e38;
    return (float)(v > largest ? largest : v < -largest ? -largest : v);
}

void table_numbers(const table *t, uint32_t j, float *out) {
    const column *c = &t->columns[j];
    const float   none = (float)not_a_number();
    for (uint32_t row = 0; row < t->rows; row++) {
        const bool has = row < c->filled && !column_is_absent(c, row);
        out[row] = has ? to_float(column_at(c, row)) : none;
    }
}

void table_codes(const table *t, uint32_t j, uint16_t *out) {
    for (uint32_t row = 0; row < t->rows; row++) {
        const uint32_t code = table_code(t, row, j);
        out[row] = code == COLUMN_NO_CODE       ? (uint16_t)65535
                   : code >= TABLE_MAX_DISTINCT ? (uint16_t)65534
                                                : (uint16_t)code;
    }
}

double table_row_offset(const table *t, uint32_t row) {
    return t->offset != NULL && row < t->rows ? (double)t->offset[row] : 0.0;
}

/* ---------------------------------------------------------------- pixels */

static status add_classes(table *t, const uint8_t *name, uint32_t name_bytes,
                          const uint8_t *classes, uint32_t classes_bytes, uint32_t n_classes) {
    column *c;
    TRY(table_add_column(t, name, name_bytes, &c));
    uint32_t first = 0;
    for (uint32_t i = 0; i < classes_bytes; i++) {
        if (classes[i] == '\n') {
            uint32_t code;
            bool     fresh;
            TRY(text_add(&c->words, classes + first, i - first, &code, &fresh));
            if (!fresh) {
                return STATUS_BAD_DATA;
            }
            first = i + 1;
        }
    }
    if (c->words.n != n_classes || first != classes_bytes) {
        return STATUS_BAD_SHAPE;
    }
    memset(c->words.count, 0, (size_t)n_classes * sizeof *c->words.count);
    c->codes = mem_alloc((size_t)t->rows * sizeof *c->codes);
    if (c->codes == NULL) {
        return STATUS_NO_MEMORY;
    }
    c->codes_capacity = t->rows;
    return STATUS_OK;
}

static status add_pixels(table *t, uint32_t d) {
    t->pixels = mem_alloc((size_t)t->rows * d);
    if (t->pixels == NULL) {
        return STATUS_NO_MEMORY;
    }
    t->pixel_columns = d;
    t->pixel_first = t->n_columns;
    for (uint32_t j = 0; j < d; j++) {
        uint8_t      name[24] = "pixel ";
        const size_t n = 6 + write_decimal(name + 6, j + 1);
        column      *c;
        TRY(table_add_column(t, name, n, &c));
        c->data = t->pixels + j;
        c->stride = d;
        c->store = TABLE_STORE_U8;
        c->filled = t->rows;
        c->capacity = t->rows;
        c->numbers = t->rows;
        c->borrowed = true;
    }
    return table_make_names_unique(t);
}

status table_pixels_new(table **out, uint32_t n, uint32_t d, const uint8_t *label_name,
                        uint32_t label_name_bytes, const uint8_t *classes, uint32_t classes_bytes,
                        uint32_t n_classes) {
    *out = NULL;
    if (n == 0 || d == 0 || n_classes > 256) {
        return STATUS_BAD_SHAPE;
    }
    if (n > TABLE_MAX_ROWS || d > TABLE_MAX_COLUMNS - 1 || (uint64_t)n * d > UINT32_MAX) {
        return STATUS_TOO_LARGE;
    }
    table *t;
    TRY(table_new(&t));
    t->rows = n;
    status s = STATUS_OK;
    if (n_classes > 0) {
        s = add_classes(t, label_name, label_name_bytes, classes, classes_bytes, n_classes);
    }
    if (s == STATUS_OK) {
        s = add_pixels(t, d);
    }
    if (s != STATUS_OK) {
        table_free(t);
        return s;
    }
    hash_bytes(&t->hash, classes, n_classes > 0 ? classes_bytes : 0);
    hash_value(&t->hash, d);
    *out = t;
    return STATUS_OK;
}

status table_pixels_feed(table *t, const uint8_t *bytes, uint32_t n) {
    const size_t labels = t->pixel_first > 0 ? t->rows : 0;
    const size_t end = labels + (size_t)t->rows * t->pixel_columns;
    if (n > end - t->fed) {
        return STATUS_BAD_DATA;
    }
    hash_bytes(&t->hash, bytes, n);
    uint32_t i = 0;
    column  *c = t->columns;
    for (; i < n && t->fed < labels; i++, t->fed++) {
        if (bytes[i] >= c->words.n) {
            return STATUS_BAD_DATA;
        }
        c->codes[t->fed] = bytes[i];
        c->words.count[bytes[i]]++;
        c->codes_filled++;
        c->texts++;
    }
    if (i == n) { /* no pixel yet: fed may be less than labels */
        return STATUS_OK;
    }
    if (i == n) { /* labels alone: the place of the first pixel is not reached yet */
        return STATUS_OK;
    }
    const size_t first = t->fed - labels;
    memcpy(t->pixels + first, bytes + i, n - i);
    t->fed += n - i;
    uint32_t j = (uint32_t)(first % t->pixel_columns);
    for (column *pixel = t->columns + t->pixel_first; i < n; i++) {
        column_sum_u8(&pixel[j], bytes[i]);
        j = j + 1 == t->pixel_columns ? 0 : j + 1;
    }
    return STATUS_OK;
}

status table_pixels_end(table *t) {
    const size_t labels = t->pixel_first > 0 ? t->rows : 0;
    if (t->fed != labels + (size_t)t->rows * t->pixel_columns) {
        return STATUS_BAD_DATA;
    }
    for (uint32_t j = t->pixel_first; j < t->n_columns; j++) {
        t->columns[j].summed = true;
    }
    t->fingerprint = hash_end(&t->hash);
    return STATUS_OK;
}
