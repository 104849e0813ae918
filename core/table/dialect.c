#include "table/dialect.h"

#include "table/number.h"

#include <string.h>

enum { RECORDS = 200, COLUMNS_LOOKED_AT = 512, COUNTED_NAMES = 8 };

static const uint8_t SEPARATORS[4] = {',', ';', '\t', '|'};

/* Walks over the fields of a sample. */
typedef struct {
    const uint8_t *s;
    size_t         n;
    size_t         p;
    uint8_t        separator;
    bool           whole;
} walker;

typedef struct {
    const uint8_t *s; /* without the quotes around it; doubled quotes inside stay doubled */
    size_t         n;
    bool           quoted;
    bool           last; /* of its record */
    bool           cut;  /* reaches the end of a sample that is not the whole file */
} field;

static bool at_break(uint8_t c) {
    return c == '\n' || c == '\r';
}

static void pass_break(walker *w) {
    if (w->p < w->n) {
        w->p += w->s[w->p] == '\r' && w->p + 1 < w->n && w->s[w->p + 1] == '\n' ? 2 : 1;
    }
}

static void next_field(walker *w, field *f) {
    size_t p = w->p;
    f->quoted = p < w->n && w->s[p] == '"';
    if (f->quoted) {
        const size_t from = ++p;
        while (p < w->n && (w->s[p] != '"' || (p + 1 < w->n && w->s[p + 1] == '"'))) {
            p += w->s[p] == '"' ? 2 : 1;
        }
        f->s = w->s + from;
        f->n = (p < w->n ? p : w->n) - from;
        p = p < w->n ? p + 1 : w->n;
        while (p < w->n && w->s[p] != w->separator && !at_break(w->s[p])) {
            p++;
        }
    } else {
        const size_t from = p;
        while (p < w->n && w->s[p] != w->separator && !at_break(w->s[p])) {
            p++;
        }
        f->s = w->s + from;
        f->n = p - from;
    }
    f->cut = p >= w->n && !w->whole;
    f->last = p >= w->n || at_break(w->s[p]);
    w->p = p;
    if (f->last) {
        pass_break(w);
    } else {
        w->p++;
        if (w->p == w->n) { /* a separator is the last byte: the record ends in an empty field */
            f->cut = !w->whole;
        }
    }
}

/* Passes over lines with nothing in them; false at the end. */
static bool more_records(walker *w) {
    while (w->p < w->n) {
        size_t p = w->p;
        while (p < w->n && (w->s[p] == ' ' || (w->s[p] == '\t' && w->separator != '\t'))) {
            p++;
        }
        if (p < w->n && !at_break(w->s[p])) {
            return true;
        }
        w->p = p;
        pass_break(w);
    }
    return false;
}

/* Number of fields of the record at w; 0 when the sample cuts it off. */
static uint32_t count_fields(walker *w) {
    uint32_t n = 0;
    field    f;
    do {
        next_field(w, &f);
        n++;
        if (f.cut) {
            w->p = w->n;
            return 0;
        }
    } while (!f.last && w->p < w->n);
    return f.last ? n : n + 1;
}

static number_class class_of(const field *f, char point) {
    number unused;
    return number_read(f->s, f->n, point, &unused);
}

static bool is_numeric(const field *f, uint32_t decimal) {
    number unused;
    if (decimal != DIALECT_GUESS) {
        return number_read(f->s, f->n, (char)decimal, &unused) == NUMBER_OK;
    }
    return number_read(f->s, f->n, '.', &unused) == NUMBER_OK ||
           number_read(f->s, f->n, ',', &unused) == NUMBER_OK;
}

static double worth(const field *f, uint8_t separator, uint32_t decimal) {
    const uint32_t point = separator == ',' ? (uint32_t)'.' : decimal;
    if (is_numeric(f, point) || class_of(f, '.') != NUMBER_TEXT) {
        return 1.0;
    }
    if (!f->quoted) {
        for (int i = 0; i < 4; i++) {
            if (SEPARATORS[i] != separator && memchr(f->s, SEPARATORS[i], f->n) != NULL) {
                return 0.2;
            }
        }
    }
    return 0.7;
}

/* The most common number of fields (0: no whole record) and the score of a separator. */
static double score_of(walker w, uint32_t decimal, uint32_t *fields) {
    uint32_t counts[RECORDS];
    uint32_t records = 0;
    double   total_worth = 0.0;
    double   total_fields = 0.0;
    while (records < RECORDS && more_records(&w)) {
        walker         record = w;
        const uint32_t n = count_fields(&w);
        if (n == 0) {
            break;
        }
        counts[records++] = n;
        for (uint32_t j = 0; j < n && record.p < w.p; j++) {
            field f;
            next_field(&record, &f);
            total_worth += worth(&f, w.separator, decimal);
            total_fields += 1.0;
        }
    }
    *fields = 0;
    uint32_t most = 0;
    for (uint32_t i = 0; i < records; i++) {
        uint32_t same = 0;
        for (uint32_t k = 0; k < records; k++) {
            same += counts[k] == counts[i] ? 1u : 0u;
        }
        if (same > most || (same == most && counts[i] > *fields)) {
            most = same;
            *fields = counts[i];
        }
    }
    if (records == 0) {
        return 0.0;
    }
    const double share = (double)most / records;
    return share * share * (total_worth / total_fields) * (*fields == 1 ? 0.1 : 1.0);
}

static uint8_t choose_separator(const walker *start, uint32_t decimal) {
    uint8_t  best = ',';
    double   best_score = -1.0;
    uint32_t best_fields = 0;
    for (int i = 0; i < 4; i++) {
        if (SEPARATORS[i] == decimal) {
            continue;
        }
        walker w = *start;
        w.separator = SEPARATORS[i];
        uint32_t     fields;
        const double score = score_of(w, decimal, &fields);
        if (score > best_score || (!(score < best_score) && fields > best_fields)) {
            best = SEPARATORS[i];
            best_score = score;
            best_fields = fields;
        }
    }
    return best;
}

static uint32_t choose_decimal(walker w) {
    if (w.separator == ',') {
        return '.';
    }
    uint32_t commas = 0;
    uint32_t points = 0;
    for (uint32_t records = 0; records < RECORDS && more_records(&w); records++) {
        field f;
        do {
            next_field(&w, &f);
            const bool with_point = class_of(&f, '.') == NUMBER_OK;
            const bool with_comma = class_of(&f, ',') == NUMBER_OK;
            commas += with_comma && !with_point ? 1u : 0u;
            points += with_point && !with_comma ? 1u : 0u;
        } while (!f.last && w.p < w.n);
    }
    return commas > points ? ',' : '.';
}

/* ---------------------------------------------------------------- the first record */

typedef struct {
    uint32_t numbers, texts; /* below the first record */
    bool     again;          /* the first field comes again below */
    field    first;
} below;

static bool same_field(const field *a, const field *b) {
    return a->n == b->n && memcmp(a->s, b->s, a->n) == 0;
}

/* Reads the first record and up to RECORDS - 1 below it. Returns the first one's number of fields. */
static uint32_t look_below(walker w, char point, below *columns, uint32_t *records) {
    uint32_t n = 0;
    *records = 0;
    while (*records < RECORDS && more_records(&w)) {
        walker         record = w;
        const uint32_t fields = count_fields(&w);
        if (fields == 0) {
            break;
        }
        for (uint32_t j = 0; j < fields && j < COLUMNS_LOOKED_AT && record.p < w.p; j++) {
            field f;
            next_field(&record, &f);
            if (*records == 0) {
                columns[j].first = f;
                n = j + 1;
            } else if (j < n) {
                const number_class c = class_of(&f, point);
                columns[j].numbers += c == NUMBER_OK ? 1u : 0u;
                columns[j].texts += c == NUMBER_TEXT ? 1u : 0u;
                columns[j].again = columns[j].again || same_field(&f, &columns[j].first);
            }
        }
        (*records)++;
    }
    return n;
}

/* Names like 0, 1, 2 … or 1, 2, 3 …, as programs give them: eight or more that count up by one. */
static bool counts_up(const below *columns, uint32_t n, char point) {
    uint32_t counted = 0;
    double   last = 0.0;
    for (uint32_t j = 0; j < n; j++) {
        number             read;
        const number_class c = number_read(columns[j].first.s, columns[j].first.n, point, &read);
        if (c != NUMBER_OK) {
            continue;
        }
        const bool starts = counted == 0 && (read.value == 0.0 || read.value == 1.0);
        if (!read.whole || !(starts || (counted > 0 && read.value == last + 1.0))) {
            return false;
        }
        last = read.value;
        counted++;
    }
    return counted >= COUNTED_NAMES;
}

static bool first_is_header(const walker *start, char point) {
    below    columns[COLUMNS_LOOKED_AT];
    uint32_t records;
    memset(columns, 0, sizeof columns);
    const uint32_t n = look_below(*start, point, columns, &records);
    uint32_t       text_over = 0;
    uint32_t       number_over = 0;
    uint32_t       number_columns = 0;
    bool           plain = true; /* every field is text, different from the others and from below */
    for (uint32_t j = 0; j < n; j++) {
        const number_class c = class_of(&columns[j].first, point);
        const bool         numeric = columns[j].numbers > 4 * columns[j].texts;
        number_columns += numeric ? 1u : 0u;
        text_over += numeric && c == NUMBER_TEXT ? 1u : 0u;
        number_over += numeric && c == NUMBER_OK ? 1u : 0u;
        plain = plain && c == NUMBER_TEXT && !columns[j].again;
        for (uint32_t i = 0; plain && i < j; i++) {
            plain = !same_field(&columns[i].first, &columns[j].first);
        }
    }
    if (counts_up(columns, n, point)) {
        return true;
    }
    if (number_columns > 0) {
        return text_over > 0 && text_over >= number_over;
    }
    return plain;
}

/* Step 4 of the rule. */
static void look_at_first_record(walker *w, dialect *d) {
    walker         look = *w;
    uint32_t       others = 0;
    uint32_t       agreed = 0;
    bool           agree = true;
    const uint32_t first = more_records(&look) ? count_fields(&look) : 0;
    const size_t   after = look.p;
    for (uint32_t records = 1; records < RECORDS && more_records(&look); records++) {
        const uint32_t n = count_fields(&look);
        if (n == 0) {
            break;
        }
        agree = agree && (others == 0 || n == agreed);
        agreed = n;
        others++;
    }
    if (first == 0 || others < 2 || !agree || first >= agreed) {
        return;
    }
    if (first + 1 == agreed && d->header != 1) {
        d->row_names = 1;
        return;
    }
    for (size_t i = w->p; i < after; i++) {
        const bool crlf = w->s[i] == '\r' && i + 1 < after && w->s[i + 1] == '\n';
        d->skip_lines += at_break(w->s[i]) && !crlf ? 1u : 0u;
    }
    d->preamble = 1;
    w->p = after;
}

static bool can_separate(uint32_t c) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return c > 0 && c < 127 && !word && c != '"' && c != '\n' && c != '\r' && c != '.' &&
           c != '-' && c != '+' && c != ' ';
}

/* "sep=X" and a line break at the start. */
static bool separator_line(walker *w, uint8_t *separator) {
    const size_t p = w->p;
    if (w->n - p < 6 || memcmp(w->s + p, "sep=", 4) != 0 || !can_separate(w->s[p + 4]) ||
        !at_break(w->s[p + 5])) {
        return false;
    }
    *separator = w->s[p + 4];
    w->p = p + 5;
    pass_break(w);
    return true;
}

status dialect_sniff(dialect *d, const uint8_t *sample, uint32_t n, uint32_t whole) {
    if ((d->separator != DIALECT_GUESS && !can_separate(d->separator)) || d->header > 2 ||
        (d->decimal != DIALECT_GUESS && d->decimal != '.' && d->decimal != ',') ||
        (d->decimal != DIALECT_GUESS && d->decimal == d->separator)) {
        return STATUS_BAD_PARAM;
    }
    walker w = {sample, n, 0, (uint8_t)d->separator, whole != 0};
    d->skip_lines = 0;
    d->preamble = 0;
    d->row_names = 0;
    d->fields = 0;
    if (n >= 3 && memcmp(sample, "\xEF\xBB\xBF", 3) == 0) {
        w.p = 3;
    }
    uint8_t named;
    if (separator_line(&w, &named)) {
        d->skip_lines = 1;
        if (d->separator == DIALECT_GUESS && named != d->decimal) {
            d->separator = named;
        }
    }
    if (d->separator == DIALECT_GUESS) {
        d->separator = choose_separator(&w, d->decimal);
    }
    w.separator = (uint8_t)d->separator;
    if (d->decimal == DIALECT_GUESS) {
        d->decimal = choose_decimal(w);
    }
    look_at_first_record(&w, d);
    d->skip_bytes = (uint32_t)w.p;
    score_of(w, d->decimal, &d->fields);
    if (d->header == DIALECT_GUESS) {
        d->header = d->row_names != 0 || first_is_header(&w, (char)d->decimal) ? 2 : 1;
    }
    return STATUS_OK;
}
