#include "table/column.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

enum {
    MOMENT_BLOCK = 4096,
    DISTINCT_SLOTS = 32768, /* a power of 2 well above TABLE_MAX_DISTINCT */
    FEWEST_ROWS_FOR_ORDER = 10,
    FEW_CATEGORIES = 20
};

/* ---------------------------------------------------------------- storing */

static const size_t STORE_BYTES[] = {0, 1, 4, 4, 8};

static bool is_whole_in(double v, double low, double high) {
    return v >= low && v <= high && floor(v) == v;
}

static bool is_float(double v) {
    /* Converting past the range of a float is undefined; the limit itself converts. */
    return fabs(v) <= 3.4028234663852886e38 && (double)(float)v == v;
}

static uint32_t store_for(double v) {
    if (is_whole_in(v, 0.0, 255.0)) {
        return TABLE_STORE_U8;
    }
    if (is_whole_in(v, -2147483648.0, 2147483647.0)) {
        return TABLE_STORE_I32;
    }
    return is_float(v) ? TABLE_STORE_F32 : TABLE_STORE_F64;
}

static void write_at(void *data, uint32_t store, size_t at, double v) {
    switch (store) {
        case TABLE_STORE_U8: ((uint8_t *)data)[at] = (uint8_t)v; break;
        case TABLE_STORE_I32: ((int32_t *)data)[at] = (int32_t)v; break;
        case TABLE_STORE_F32: ((float *)data)[at] = (float)v; break;
        default: ((double *)data)[at] = v; break;
    }
}

/* The type that holds what is stored and v. */
static uint32_t join(const column *c, double v) {
    const uint32_t need = store_for(v);
    const uint32_t have = c->store;
    if (have == TABLE_STORE_NONE || have == TABLE_STORE_U8) {
        return need;
    }
    if (need == TABLE_STORE_U8 || need == have) {
        return need == TABLE_STORE_U8 && have == TABLE_STORE_F32 ? TABLE_STORE_F32 : have;
    }
    if (have == TABLE_STORE_F64 || need == TABLE_STORE_F64) {
        return TABLE_STORE_F64;
    }
    if (have == TABLE_STORE_F32) { /* and a whole number */
        return is_float(v) ? TABLE_STORE_F32 : TABLE_STORE_F64;
    }
    /* Whole numbers, and now a float that is not one. */
    for (uint32_t row = 0; row < c->filled; row++) {
        if (!is_float(column_at(c, row))) {
            return TABLE_STORE_F64;
        }
    }
    return TABLE_STORE_F32;
}

static status widen(column *c, uint32_t store, uint32_t rows) {
    uint32_t capacity = c->capacity;
    if (rows > capacity) {
        capacity = rows + rows / 2 + 64;
    }
    size_t bytes;
    mem_mul(&bytes, capacity, STORE_BYTES[store]);
    if (store == c->store) {
        void *data = mem_realloc(c->data, bytes);
        if (data == NULL) {
            return STATUS_NO_MEMORY;
        }
        c->data = data;
    } else {
        void *data = mem_alloc(bytes);
        if (data == NULL) {
            return STATUS_NO_MEMORY;
        }
        for (uint32_t row = 0; row < c->filled; row++) {
            write_at(data, store, row, column_at(c, row));
        }
        mem_free(c->data);
        c->data = data;
        c->store = store;
    }
    c->capacity = capacity;
    return STATUS_OK;
}

/* Marks rows filled … rows - 1 as absent; data need not reach there. */
static status mark_absent(column *c, uint32_t rows) {
    const size_t need = ((size_t)rows + 7) / 8;
    if (need > c->absent_bytes) {
        const size_t bytes = need + need / 2 + 8;
        uint8_t     *absent = mem_realloc(c->absent, bytes);
        if (absent == NULL) {
            return STATUS_NO_MEMORY;
        }
        c->absent = absent;
        c->absent_bytes = bytes;
    }
    for (uint32_t row = c->filled; row < rows; row++) {
        c->absent[row >> 3] = (uint8_t)(c->absent[row >> 3] | 1u << (row & 7u));
    }
    return STATUS_OK;
}

status column_put_number(column *c, uint32_t row, double value) {
    const uint32_t store = join(c, value);
    if (store != c->store || row >= c->capacity) {
        TRY(widen(c, store, row + 1));
    }
    if (row > c->filled) {
        TRY(mark_absent(c, row));
        for (uint32_t r = c->filled; r < row; r++) {
            write_at(c->data, c->store, r, 0.0);
        }
    }
    write_at(c->data, c->store, row, value);
    c->filled = row + 1;
    c->stride = 1;
    c->numbers++;
    return STATUS_OK;
}

static status room_for_codes(column *c, uint32_t rows) {
    if (rows > c->codes_capacity) {
        const uint32_t capacity = rows + rows / 2 + 64;
        uint32_t      *codes = mem_realloc(c->codes, (size_t)capacity * sizeof *codes);
        if (codes == NULL) {
            return STATUS_NO_MEMORY;
        }
        c->codes = codes;
        c->codes_capacity = capacity;
    }
    return STATUS_OK;
}

status column_put_text(column *c, uint32_t row, const uint8_t *s, size_t n, bool *fresh) {
    TRY(room_for_codes(c, row + 1));
    uint32_t code;
    TRY(text_add(&c->words, s, n, &code, fresh));
    for (uint32_t r = c->codes_filled; r < row; r++) {
        c->codes[r] = COLUMN_NO_CODE;
    }
    c->codes[row] = code;
    c->codes_filled = row + 1;
    c->texts++;
    return STATUS_OK;
}

status column_pad(column *c, uint32_t rows) {
    if (c->store != TABLE_STORE_NONE && c->filled < rows) {
        if (rows > c->capacity) {
            TRY(widen(c, c->store, rows));
        }
        TRY(mark_absent(c, rows));
        for (uint32_t r = c->filled; r < rows; r++) {
            write_at(c->data, c->store, r, 0.0);
        }
        c->filled = rows;
    }
    if (c->codes != NULL && c->codes_filled < rows) {
        TRY(room_for_codes(c, rows));
        for (uint32_t r = c->codes_filled; r < rows; r++) {
            c->codes[r] = COLUMN_NO_CODE;
        }
        c->codes_filled = rows;
    }
    return STATUS_OK;
}

void column_drop_numbers(column *c) {
    if (!c->borrowed) {
        mem_free(c->data);
    }
    mem_free(c->absent);
    c->data = NULL;
    c->absent = NULL;
    c->absent_bytes = 0;
    c->store = TABLE_STORE_NONE;
    c->filled = 0;
    c->capacity = 0;
    c->numbers = 0;
}

void column_drop_text(column *c) {
    mem_free(c->codes);
    text_clear(&c->words);
    c->codes = NULL;
    c->codes_filled = 0;
    c->codes_capacity = 0;
    c->texts = 0;
}

size_t column_memory(const column *c) {
    const size_t data = c->borrowed ? 0 : (size_t)c->capacity * STORE_BYTES[c->store];
    return sizeof *c + data + c->absent_bytes + (size_t)c->codes_capacity * 4 +
           text_memory(&c->words);
}

void column_clear(column *c) {
    column_drop_numbers(c);
    column_drop_text(c);
}

/* ---------------------------------------------------------------- moments */

static double power_of_2(int exponent) {
    const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double         value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double unit_for(double size) {
    if (size == 0.0 || (size < 0x1p480 && size > 0x1p-480)) {
        return 1.0;
    }
    uint64_t bits;
    memcpy(&bits, &size, sizeof bits);
    const int exponent = (int)(bits >> 52 & 0x7FFu) - 1023;
    return power_of_2(exponent > 1000 ? -1000 : exponent < -1000 ? 1000 : -exponent);
}

column_moments column_moments_of(const column *c, uint32_t rows, bool with_fill, double fill) {
    const double   size = fabs(c->min) > fabs(c->max) ? fabs(c->min) : fabs(c->max);
    column_moments m = {unit_for(size), 0.0, 0.0};
    const double   n = with_fill ? (double)rows : (double)c->numbers;
    if (n == 0.0) {
        return m;
    }
    for (int pass = 0; pass < 2; pass++) {
        double total = 0.0;
        for (uint32_t first = 0; first < rows; first += MOMENT_BLOCK) {
            const uint32_t end = rows - first < MOMENT_BLOCK ? rows : first + MOMENT_BLOCK;
            double         sum = 0.0;
            for (uint32_t row = first; row < end; row++) {
                double v;
                if (!column_is_absent(c, row)) {
                    v = column_at(c, row) * m.unit;
                } else if (with_fill) {
                    v = fill * m.unit;
                } else {
                    continue;
                }
                const double off = v - m.mean;
                sum += pass == 0 ? v : off * off;
            }
            total += sum;
        }
        if (pass == 0) {
            m.mean = total / n;
        } else {
            m.variance = total / n;
        }
    }
    return m;
}

/* ---------------------------------------------------------------- kinds */

static bool ends_with(const uint8_t *s, size_t n, const char *end) {
    const size_t m = strlen(end);
    return n >= m && memcmp(s + n - m, end, m) == 0;
}

static bool is_identifier_name(const uint8_t *name, uint32_t n) {
    static const char *const words[] = {
        "id",  "idx", "index", "key",  "row",      "rowid",     "no",         "no.",          "nr",
        "nr.", "#",   "uuid",  "guid", "rownames", "row names", "unnamed: 0", "sample number"};
    uint8_t lower[16];
    if (n > 2 && (ends_with(name, n, "Id") || ends_with(name, n, "ID")) && name[n - 3] >= 'a' &&
        name[n - 3] <= 'z') {
        return true;
    }
    const uint32_t tail = n < 3 ? n : 3;
    for (uint32_t i = 0; i < tail; i++) {
        const uint8_t c = name[n - tail + i];
        lower[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
    }
    if (tail == 3 && lower[1] == 'i' && lower[2] == 'd' && lower[0] < 128 && n > 3 &&
        strchr("_-. ", lower[0]) != NULL) {
        return true;
    }
    if (n == 0 || n > sizeof lower) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (uint8_t)(name[i] + 32) : name[i];
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], lower, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Distinct values, at most TABLE_MAX_DISTINCT; TABLE_MANY past that. */
static status count_distinct(const column *c, uint32_t rows, uint32_t *out) {
    uint32_t  distinct = 0;
    uint64_t *slot = mem_alloc(DISTINCT_SLOTS * sizeof *slot); /* 0 = free: zero is counted apart */
    if (slot == NULL) {
        return STATUS_NO_MEMORY;
    }
    bool zero = false;
    for (uint32_t row = 0; row < rows && distinct <= TABLE_MAX_DISTINCT; row++) {
        if (column_is_absent(c, row)) {
            continue;
        }
        const double v = column_at(c, row);
        if (v == 0.0) {
            distinct += zero ? 0u : 1u;
            zero = true;
            continue;
        }
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        uint32_t at = (uint32_t)((bits * 0x9E3779B97F4A7C15u) >> 49);
        while (slot[at] != 0 && slot[at] != bits) {
            at = (at + 1) & (DISTINCT_SLOTS - 1);
        }
        if (slot[at] == 0) {
            slot[at] = bits;
            distinct++;
        }
    }
    mem_free(slot);
    *out = distinct > TABLE_MAX_DISTINCT ? TABLE_MANY : distinct;
    return STATUS_OK;
}

static bool is_monotone(const column *c, uint32_t rows) {
    const bool rising = column_at(c, 1) > column_at(c, 0);
    for (uint32_t row = 1; row < rows; row++) {
        const double step = column_at(c, row) - column_at(c, row - 1);
        if (rising ? step <= 0.0 : step >= 0.0) {
            return false;
        }
    }
    return true;
}

/* Everything but the kind, from exact integer sums. */
static void summarise_u8(column *c, uint32_t rows) {
    for (uint32_t row = 0; !c->summed && row < rows; row++) {
        if (!column_is_absent(c, row)) {
            column_sum_u8(c, ((const uint8_t *)c->data)[(size_t)row * c->stride]);
        }
    }
    c->summed = true;
    c->distinct = 0;
    for (int v = 255; v >= 0; v--) {
        if ((c->seen[v >> 6] >> (v & 63) & 1u) != 0) {
            c->max = c->distinct == 0 ? v : c->max;
            c->min = v;
            c->distinct++;
        }
    }
    const double n = c->numbers;
    /* Exact: with at most 5 million rows both products stay below 2^61. */
    const uint64_t spread = c->squares * c->numbers - c->sum * c->sum;
    c->unit = 1.0;
    c->mean = (double)c->sum / n;
    c->variance = (double)spread / (n * n);
    c->integer = true;
}

static status summarise(column *c, uint32_t rows) {
    bool first = true;
    bool integer = true;
    for (uint32_t row = 0; row < rows; row++) {
        if (column_is_absent(c, row)) {
            continue;
        }
        const double v = column_at(c, row);
        c->min = first || v < c->min ? v : c->min;
        c->max = first || v > c->max ? v : c->max;
        integer = integer && (c->store == TABLE_STORE_I32 || floor(v) == v);
        first = false;
    }
    TRY(count_distinct(c, rows, &c->distinct));
    const column_moments m = column_moments_of(c, rows, false, 0.0);
    c->unit = m.unit;
    c->mean = m.mean / m.unit;
    c->variance = m.variance;
    c->integer = integer;
    return STATUS_OK;
}

static status settle_numbers(column *c, uint32_t rows, bool named_id) {
    if (c->store == TABLE_STORE_U8) {
        summarise_u8(c, rows);
    } else {
        TRY(summarise(c, rows));
    }
    const double size = (fabs(c->min) > fabs(c->max) ? fabs(c->min) : fabs(c->max)) * c->unit;
    c->near_constant = c->variance <= 1e-24 * size * size;
    c->kind = TABLE_NUMBER;
    if (c->distinct == 1) {
        c->kind = TABLE_CONSTANT;
    } else if (c->integer &&
               ((named_id && (c->distinct == c->numbers || c->distinct == TABLE_MANY)) ||
                (rows >= FEWEST_ROWS_FOR_ORDER && c->numbers == rows && is_monotone(c, rows)))) {
        c->kind = TABLE_IDENTIFIER;
    }
    return STATUS_OK;
}

static status settle_text(column *c, uint32_t rows, bool named_id) {
    const uint32_t distinct = c->words.n;
    c->distinct = distinct > TABLE_MAX_DISTINCT ? TABLE_MANY : distinct;
    if (c->like_an_id || (named_id && distinct == c->texts && distinct > 1)) {
        c->kind = TABLE_IDENTIFIER;
        return STATUS_OK;
    }
    if (distinct == 1) {
        c->kind = TABLE_CONSTANT;
        return STATUS_OK;
    }
    if (distinct > TABLE_MAX_DISTINCT || distinct == c->texts ||
        (distinct > FEW_CATEGORIES && distinct > c->texts / 2)) {
        c->kind = TABLE_TEXT;
        return STATUS_OK;
    }
    uint32_t *order = mem_alloc((size_t)distinct * sizeof *order);
    if (order == NULL) {
        return STATUS_NO_MEMORY;
    }
    const status s = text_sort(&c->words, order);
    if (s == STATUS_OK) {
        for (uint32_t row = 0; row < rows; row++) {
            if (c->codes[row] != COLUMN_NO_CODE) {
                c->codes[row] = order[c->codes[row]];
            }
        }
        c->kind = TABLE_CATEGORY;
    }
    mem_free(order);
    return s;
}

status column_settle(column *c, uint32_t rows, const uint8_t *name, uint32_t name_bytes) {
    const bool named_id = is_identifier_name(name, name_bytes);
    TRY(column_pad(c, rows));
    if (c->numbers > 0) {
        return settle_numbers(c, rows, named_id);
    }
    if (c->texts > 0) {
        return settle_text(c, rows, named_id);
    }
    c->kind = TABLE_EMPTY;
    return STATUS_OK;
}
