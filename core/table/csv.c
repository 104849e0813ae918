/* csv.c: a state machine over bytes; see csv.h for the grammar.
 *
 * A field that lies whole inside one piece is read where it is; one that is quoted, or cut by the end
 * of a piece, is gathered in a buffer first. Small whole numbers, most of what large files hold, take a
 * short cut in csv_feed() that touches nothing but the column they go to.
 */
#include "table/csv.h"

#include "base/mem.h"
#include "table/number.h"
#include "table/table_impl.h"

#include <string.h>

typedef enum {
    AT_START = 0, /* of a field */
    IN_PLAIN = 1, /* an unquoted field that needs the buffer */
    IN_QUOTES = 2,
    AFTER_QUOTE = 3 /* a quote inside a quoted field: its end, or the first of two */
} state;

typedef enum { PASS_FIRST = 0, PASS_TEXT = 1, PASS_DONE = 2 } column_pass;

struct csv {
    dialect  d;
    uint8_t  separator;
    char     point;
    bool     ends_run[256]; /* bytes that end a run of an unquoted field */
    table   *t;
    uint8_t *todo; /* (columns) column_pass; NULL in the first pass: all PASS_FIRST */

    uint32_t state;
    uint32_t j; /* field of the record */
    uint32_t row;
    bool     header;  /* the record under way is the header */
    bool     defines; /* … or the first one of a file without: it defines the columns */
    bool     in_record;
    bool     content; /* the record has a field with something in it */
    bool     extra;   /* … and one past the last column */
    bool     quoted;  /* the field under way */
    bool     after_cr;
    bool     again; /* another pass is needed */

    uint8_t *field; /* buffer */
    size_t   field_bytes, field_capacity;

    uint64_t position; /* of the piece's first byte in the whole */
    uint64_t record_start;
    uint32_t line; /* lines finished */
    uint32_t record_line;
    uint32_t quote_line;

    hash       hash;
    uint64_t   first_hash;
    uint32_t   first_rows;
    csv_report first_report;
    csv_report report;
};

static status fail(csv *c, status s, csv_problem problem, uint32_t line) {
    c->report.problem = (uint32_t)problem;
    c->report.error_line = line;
    return s;
}

static void start_pass(csv *c) {
    c->state = AT_START;
    c->j = 0;
    c->row = 0;
    c->header = c->d.header == 2;
    c->in_record = false;
    c->content = false;
    c->extra = false;
    c->quoted = false;
    c->after_cr = false;
    c->again = false;
    c->field_bytes = 0;
    c->position = 0;
    c->line = c->d.skip_lines;
    c->hash = hash_start();
    memset(&c->report, 0, sizeof c->report);
}

status csv_new(csv **out, const dialect *d) {
    *out = NULL;
    const bool points = d->decimal == '.' || d->decimal == ',';
    if (d->separator == 0 || d->separator > 126 || !points || d->separator == d->decimal ||
        d->header < 1 || d->header > 2) {
        return STATUS_BAD_PARAM;
    }
    csv *c = mem_alloc(sizeof *c);
    if (c == NULL) {
        return STATUS_NO_MEMORY;
    }
    const status s = table_new(&c->t);
    if (s != STATUS_OK) {
        mem_free(c);
        return s;
    }
    c->d = *d;
    c->separator = (uint8_t)d->separator;
    c->point = (char)d->decimal;
    c->ends_run[c->separator] = true;
    c->ends_run['\n'] = true;
    c->ends_run['\r'] = true;
    c->ends_run['"'] = true;
    c->ends_run[0] = true;
    c->defines = d->header == 1;
    start_pass(c);
    *out = c;
    return STATUS_OK;
}

void csv_free(csv *c) {
    if (c == NULL) {
        return;
    }
    table_free(c->t);
    mem_free(c->todo);
    mem_free(c->field);
    mem_free(c);
}

/* ---------------------------------------------------------------- fields */

static bool is_utf8(const uint8_t *s, size_t n) {
    for (size_t i = 0; i < n;) {
        const uint8_t c = s[i++];
        if (c < 0x80) {
            continue;
        }
        const size_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        if (c < 0xC2 || c > 0xF4 || n - i < more) {
            return false;
        }
        const uint8_t first = s[i];
        if ((c == 0xE0 && first < 0xA0) || (c == 0xED && first > 0x9F) ||
            (c == 0xF0 && first < 0x90) || (c == 0xF4 && first > 0x8F)) {
            return false;
        }
        for (size_t k = 0; k < more; k++) {
            if ((s[i++] & 0xC0u) != 0x80) {
                return false;
            }
        }
    }
    return true;
}

static bool is_blank(const uint8_t *s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (s[i] != ' ' && s[i] != '\t') {
            return false;
        }
    }
    return true;
}

static status add_column(csv *c, const uint8_t *name, size_t n) {
    column      *unused;
    const status s = table_add_column(c->t, name, n, &unused);
    return s == STATUS_TOO_LARGE ? fail(c, s, CSV_TOO_MANY_COLUMNS, c->record_line) : s;
}

static status put_name(csv *c, const uint8_t *s, size_t n) {
    if (c->todo != NULL) {
        return STATUS_OK; /* second pass: the names are known */
    }
    if (n > CSV_MAX_NAME) {
        return fail(c, STATUS_TOO_LARGE, CSV_FIELD_TOO_LONG, c->record_line);
    }
    if (c->j == 0 && c->d.row_names != 0) {
        TRY(add_column(c, (const uint8_t *)"row", 3));
    }
    while (n > 0 && is_blank(s, 1)) {
        s++;
        n--;
    }
    while (n > 0 && is_blank(s + n - 1, 1)) {
        n--;
    }
    return add_column(c, s, n);
}

static status put_text(csv *c, column *k, const uint8_t *s, size_t n) {
    bool         fresh;
    const status done = column_put_text(k, c->row, s, n, &fresh);
    if (done == STATUS_TOO_LARGE) {
        return fail(c, done, CSV_TEXT_TOO_LARGE, c->record_line);
    }
    if (done == STATUS_OK && fresh && !is_utf8(s, n)) {
        c->report.not_utf8++;
        if (c->report.not_utf8_line == 0) {
            c->report.not_utf8_line = c->record_line;
        }
    }
    return done;
}

static status put_field(csv *c, const uint8_t *s, size_t n) {
    const bool something = n > 0 || c->quoted;
    c->content = c->content || something;
    if (c->j >= c->t->n_columns) {
        if (!c->defines) {
            c->extra = c->extra || something;
            return STATUS_OK;
        }
        TRY(add_column(c, s, 0));
    }
    const uint32_t todo = c->todo != NULL ? c->todo[c->j] : (uint32_t)PASS_FIRST;
    if (todo == PASS_DONE) {
        return STATUS_OK;
    }
    column *k = &c->t->columns[c->j];
    number  read;
    const number_class class = number_read(s, n, c->point, &read);
    if (class == NUMBER_MISSING) {
        return STATUS_OK;
    }
    if (todo == PASS_TEXT || class == NUMBER_TEXT) {
        return put_text(c, k, s, n);
    }
    k->not_whole = k->not_whole || !read.whole;
    if (class == NUMBER_INFINITE) {
        k->infinite++;
        return STATUS_OK;
    }
    k->leading_zero = k->leading_zero || read.leading_zero;
    k->beyond_exact = k->beyond_exact || read.beyond_exact;
    return column_put_number(k, c->row, read.value);
}

/* A small whole number written without leading zeros, of an existing column, in the first pass. */
static inline status put_small(csv *c, uint32_t value) {
    column *k = &c->t->columns[c->j];
    c->content = true;
    if (k->store == TABLE_STORE_U8 && value < 256 && k->filled == c->row && c->row < k->capacity) {
        ((uint8_t *)k->data)[c->row] = (uint8_t)value;
        k->filled++;
        k->numbers++;
        return STATUS_OK;
    }
    return column_put_number(k, c->row, (double)value);
}

/* ---------------------------------------------------------------- records */

static status keep_offset(csv *c) {
    table *t = c->t;
    if (c->todo != NULL) {
        return STATUS_OK;
    }
    if (c->row == t->offset_capacity) {
        const uint32_t want = c->row + c->row / 2 + 64;
        uint64_t      *offset = mem_realloc(t->offset, (size_t)want * sizeof *offset);
        if (offset == NULL) {
            return STATUS_NO_MEMORY;
        }
        t->offset = offset;
        t->offset_capacity = want;
    }
    t->offset[c->row] = c->record_start;
    return STATUS_OK;
}

static void note_ragged(csv *c) {
    const uint32_t met = c->report.short_records + c->report.long_records;
    if (met < 5) {
        c->report.ragged_line[met] = c->record_line;
    }
    if (c->extra) {
        c->report.long_records++;
    } else {
        c->report.short_records++;
    }
}

static status end_record(csv *c) {
    const uint32_t fields = c->j;
    const bool     content = c->content;
    c->j = 0;
    c->in_record = false;
    c->content = false;
    if (c->header) {
        c->header = false;
        c->report.named = 1;
        return c->todo == NULL ? table_make_names_unique(c->t) : STATUS_OK;
    }
    c->defines = false;
    if (!content) {
        c->report.empty_records++;
        return STATUS_OK;
    }
    if (c->row == TABLE_MAX_ROWS) {
        return fail(c, STATUS_TOO_LARGE, CSV_TOO_MANY_ROWS, c->record_line);
    }
    if (c->extra || fields < c->t->n_columns) {
        note_ragged(c);
    }
    c->extra = false;
    TRY(keep_offset(c));
    c->row++;
    return STATUS_OK;
}

/* A field that ends in the separator, a line break, or the end of the bytes (0). */
static status end_field(csv *c, const uint8_t *s, size_t n, uint8_t end) {
    const bool last = end != c->separator;
    c->state = AT_START;
    c->field_bytes = 0;
    if (end == '\n' || end == '\r') {
        c->line++;
        c->after_cr = end == '\r';
    }
    if (n > CSV_MAX_FIELD) {
        return fail(c, STATUS_TOO_LARGE, CSV_FIELD_TOO_LONG, c->record_line);
    }
    if (last && c->j == 0 && !c->quoted && is_blank(s, n)) {
        c->in_record = false;
        return STATUS_OK;
    }
    TRY(c->header ? put_name(c, s, n) : put_field(c, s, n));
    c->j++;
    c->quoted = false;
    return last ? end_record(c) : STATUS_OK;
}

static status gather(csv *c, const uint8_t *s, size_t n) {
    const size_t need = c->field_bytes + n;
    if (need > CSV_MAX_FIELD) {
        return fail(c, STATUS_TOO_LARGE, CSV_FIELD_TOO_LONG, c->record_line);
    }
    if (c->field == NULL || need > c->field_capacity) {
        const size_t want = need * 2 + 256;
        uint8_t     *field = mem_realloc(c->field, want);
        if (field == NULL) {
            return STATUS_NO_MEMORY;
        }
        c->field = field;
        c->field_capacity = want;
    }
    memcpy(c->field + c->field_bytes, s, n);
    c->field_bytes = need;
    return STATUS_OK;
}

/* ---------------------------------------------------------------- bytes */

/* At the start of a field: takes it whole when its end is in the piece. */
static status from_start(csv *c, const uint8_t **at, const uint8_t *end) {
    const uint8_t *p = *at;
    if (c->after_cr) {
        c->after_cr = false;
        if (*p == '\n') {
            *at = p + 1;
            return STATUS_OK;
        }
    }
    if (!c->in_record) {
        c->in_record = true;
        c->record_start = c->position + (uint64_t)(p - *at);
        c->record_line = c->line + 1;
    }
    if (*p == '"') {
        c->quoted = true;
        c->quote_line = c->line + 1;
        c->state = IN_QUOTES;
        *at = p + 1;
        return STATUS_OK;
    }
    const uint8_t *q = p;
    while (q < end && !c->ends_run[*q]) {
        q++;
    }
    if (q == end || *q == '"' || *q == 0) {
        c->state = IN_PLAIN;
        *at = q;
        return gather(c, p, (size_t)(q - p));
    }
    *at = q + 1;
    return end_field(c, p, (size_t)(q - p), *q);
}

/* An unquoted field that was cut by the end of a piece, or has a quote inside. */
static status from_plain(csv *c, const uint8_t **at, const uint8_t *end) {
    const uint8_t *p = *at;
    const uint8_t *q = p;
    while (q < end && !c->ends_run[*q]) {
        q++;
    }
    TRY(gather(c, p, (size_t)(q - p)));
    *at = q;
    if (q == end) {
        return STATUS_OK;
    }
    *at = q + 1;
    if (*q == 0) {
        return fail(c, STATUS_BAD_DATA, CSV_NUL, c->line + 1);
    }
    if (*q == '"') {
        c->report.stray_quotes++;
        return gather(c, q, 1);
    }
    return end_field(c, c->field, c->field_bytes, *q);
}

static status from_quotes(csv *c, const uint8_t **at, const uint8_t *end) {
    const uint8_t *p = *at;
    const uint8_t *q = p;
    while (q < end && *q != '"') {
        if (*q == 0) {
            return fail(c, STATUS_BAD_DATA, CSV_NUL, c->line + 1);
        }
        if (*q == '\r' || (*q == '\n' && !c->after_cr)) {
            c->line++;
        }
        c->after_cr = *q == '\r';
        q++;
    }
    TRY(gather(c, p, (size_t)(q - p)));
    *at = q;
    if (q < end) {
        *at = q + 1;
        c->after_cr = false;
        c->state = AFTER_QUOTE;
    }
    return STATUS_OK;
}

static status from_after_quote(csv *c, const uint8_t **at) {
    const uint8_t *q = *at;
    if (*q == '"') {
        *at = q + 1;
        c->state = IN_QUOTES;
        return gather(c, q, 1);
    }
    if (*q == c->separator || *q == '\n' || *q == '\r') {
        *at = q + 1;
        return end_field(c, c->field, c->field_bytes, *q);
    }
    c->report.stray_quotes++;
    c->state = IN_PLAIN;
    return STATUS_OK;
}

/* Small whole numbers, one after the other; stops at the first field that is something else. */
static status run_of_numbers(csv *c, const uint8_t **at, const uint8_t *end) {
    const uint8_t  separator = c->separator;
    const uint32_t columns = c->t->n_columns;
    const uint8_t *p = *at;
    while (c->j < columns && p < end) {
        uint32_t       digit = (uint32_t)*p - '0';
        uint32_t       value = 0;
        const uint8_t *q = p;
        while (digit < 10 && q - p < 9) {
            value = value * 10 + digit;
            if (++q == end) {
                break;
            }
            digit = (uint32_t)*q - '0';
        }
        if (q == p || q == end || *q != separator || (*p == '0' && q - p > 1)) {
            break;
        }
        TRY(put_small(c, value));
        c->j++;
        p = q + 1;
    }
    *at = p;
    return STATUS_OK;
}

status csv_feed(csv *c, const uint8_t *bytes, uint32_t n) {
    hash_bytes(&c->hash, bytes, n);
    const uint8_t *p = bytes;
    const uint8_t *end = bytes + n;
    const uint64_t start = c->position;
    if (start < c->d.skip_bytes) {
        const uint64_t skip = c->d.skip_bytes - start;
        p += skip < n ? skip : n;
    }
    while (p < end) {
        c->position = start + (uint64_t)(p - bytes);
        switch (c->state) {
            case AT_START:
                if (c->in_record && c->todo == NULL && !c->header) {
                    TRY(run_of_numbers(c, &p, end));
                    if (p == end) {
                        break;
                    }
                    c->position = start + (uint64_t)(p - bytes);
                }
                TRY(from_start(c, &p, end));
                break;
            case IN_PLAIN: TRY(from_plain(c, &p, end)); break;
            case IN_QUOTES: TRY(from_quotes(c, &p, end)); break;
            default: TRY(from_after_quote(c, &p)); break;
        }
    }
    c->position = start + n;
    return STATUS_OK;
}

/* ---------------------------------------------------------------- the end */

/* What a column of the first pass is; whether the bytes are needed once more for it. */
static bool settle_pass(column *k) {
    const uint64_t numbers = (uint64_t)k->numbers + k->infinite;
    const uint64_t texts = k->texts;
    const bool     as_written = !k->not_whole && (k->leading_zero || k->beyond_exact);
    if (texts == 0 && (k->numbers == 0 || !as_written)) {
        return false;
    }
    if (texts > 0 && k->numbers > 0 && !as_written && texts * 5 <= texts + numbers) {
        k->bad = k->texts;
        column_drop_text(k);
        return false;
    }
    if (numbers == 0) {
        return false;
    }
    k->like_an_id = texts == 0;
    k->infinite = 0;
    column_drop_numbers(k);
    column_drop_text(k);
    return true;
}

static void finish_table(csv *c) {
    c->t->rows = c->row;
    hash h = c->hash;
    hash_value(&h, c->d.separator);
    hash_value(&h, c->d.decimal);
    hash_value(&h, c->d.header);
    c->t->fingerprint = hash_end(&h);
}

status csv_end(csv *c) {
    if (c->state == IN_QUOTES) {
        return fail(c, STATUS_BAD_DATA, CSV_UNCLOSED_QUOTE, c->quote_line);
    }
    if (c->in_record) {
        const bool gathered = c->state != AT_START;
        TRY(end_field(c, gathered ? c->field : (const uint8_t *)"", c->field_bytes, 0));
        c->line++;
    }
    c->report.rows = c->row;
    c->report.lines = c->line;
    if (c->todo != NULL) {
        if (hash_end(&c->hash) != c->first_hash || c->row != c->first_rows) {
            return fail(c, STATUS_BAD_DATA, CSV_CHANGED, 0);
        }
        /* Only the first pass saw the texts of every column. */
        c->report.not_utf8 = c->first_report.not_utf8;
        c->report.not_utf8_line = c->first_report.not_utf8_line;
        finish_table(c);
        return STATUS_OK;
    }
    finish_table(c);
    uint8_t *todo = mem_alloc(c->t->n_columns);
    if (todo == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t j = 0; j < c->t->n_columns; j++) {
        const bool again = settle_pass(&c->t->columns[j]);
        todo[j] = again ? PASS_TEXT : PASS_DONE;
        c->again = c->again || again;
    }
    c->todo = todo;
    c->first_hash = hash_end(&c->hash);
    c->first_rows = c->row;
    return STATUS_OK;
}

bool csv_needs_another_pass(const csv *c) {
    return c->again;
}

status csv_again(csv *c) {
    if (!c->again) {
        return STATUS_BAD_PARAM;
    }
    c->first_report = c->report;
    start_pass(c);
    return STATUS_OK;
}

void csv_read_report(const csv *c, csv_report *out) {
    *out = c->report;
}

table *csv_take(csv *c) {
    table *t = c->t;
    c->t = NULL;
    return t;
}
