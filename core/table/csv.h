/* csv.h: bytes to a table, in pieces of any size.
 *
 *     dialect d = {0};
 *     TRY(dialect_sniff(&d, first_bytes, n, whole));
 *     csv *c;
 *     TRY(csv_new(&c, &d));
 *     do {
 *         while (... another piece ...) TRY(csv_feed(c, bytes, n));
 *         TRY(csv_end(c));
 *     } while (csv_needs_another_pass(c) && csv_again(c) == STATUS_OK);   feed the same bytes again
 *     table *t = csv_take(c);
 *     csv_free(c);
 *     while (!table_settled(t)) TRY(table_settle(t, 16));
 *
 * The grammar is RFC 4180 with a chosen separator, and kind to what breaks it:
 *   - LF, CR and CRLF each end a record, mixed or not; the last one may be absent.
 *   - A field that starts with " is quoted: separators and line breaks are part of it, "" is a quote.
 *   - A quote inside an unquoted field, and text after a closing quote, are kept as they are and
 *     counted (csv_report.stray_quotes).
 *   - Lines with nothing but spaces or tabs in their only field are passed over; so are records whose
 *     fields are all empty, which are counted (empty_records).
 *   - A record with too few fields is filled with missing values; further fields are dropped. Both are
 *     counted, with the first five line numbers. Empty fields at a record's end that have no column
 *     count as nothing.
 *   - Spaces belong to a field; a number may have them around it (number.h).
 *
 * Any cutting of the same bytes gives the same table, to the bit. Cells become numbers or text as they
 * pass; a column that turns out to be text (or an identifier) after numbers were stored has lost how
 * those were written, and asks for another pass over the same bytes, which settles it. A second pass
 * is never followed by a third.
 *
 * Memory grows with the table (column.h says what a value takes). Limits: TABLE_MAX_ROWS,
 * TABLE_MAX_COLUMNS, 1 MiB a field, 10,000 bytes a name; exceeded is TOO_LARGE with the line.
 */
#ifndef TABLE_CSV_H
#define TABLE_CSV_H

#include "base/status.h"
#include "table/dialect.h"
#include "table/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_MAX_FIELD 1048576u
#define CSV_MAX_NAME  10000u

typedef struct csv csv;

/* What went wrong, with a status that is not OK. */
typedef enum {
    CSV_FINE = 0,
    CSV_NUL = 1,            /* BAD_DATA: a NUL byte: this is no text */
    CSV_UNCLOSED_QUOTE = 2, /* BAD_DATA: error_line is where it opened */
    CSV_FIELD_TOO_LONG = 3, /* TOO_LARGE */
    CSV_TOO_MANY_COLUMNS = 4,
    CSV_TOO_MANY_ROWS = 5,
    CSV_CHANGED = 6,       /* BAD_DATA: the second pass met other bytes than the first */
    CSV_TEXT_TOO_LARGE = 7 /* TOO_LARGE: more than 4 GB of different texts in one column */
} csv_problem;

/* A wire struct: 4-byte fields only. Counts of one pass over the bytes. */
typedef struct {
    uint32_t rows;
    uint32_t lines;          /* line breaks met, and the last line */
    uint32_t short_records;  /* with too few fields */
    uint32_t long_records;   /* with too many */
    uint32_t ragged_line[5]; /* where the first of them start; 0 = no more */
    uint32_t stray_quotes;
    uint32_t empty_records; /* separators alone */
    uint32_t not_utf8;      /* different texts that are not valid UTF-8 */
    uint32_t not_utf8_line; /* where the first is; 0 = none */
    uint32_t problem;       /* csv_problem */
    uint32_t error_line;
    uint32_t named; /* 1: a header was read */
} csv_report;

_Static_assert(sizeof(csv_report) == 64, "csv_report is a wire struct");

/* d as dialect_sniff() left it, or filled by hand: separator, decimal and header (1 or 2) must be set. */
status csv_new(csv **out, const dialect *d);
void   csv_free(csv *c); /* NULL is allowed */

/* After a status that is not OK only csv_read_report() and csv_free() may be called. */
status csv_feed(csv *c, const uint8_t *bytes, uint32_t n);

/* The bytes are over. */
status csv_end(csv *c);

bool csv_needs_another_pass(const csv *c);

/* Starts over; the same bytes come again from the first. */
status csv_again(csv *c);

void   csv_read_report(const csv *c, csv_report *out);
table *csv_take(csv *c); /* after csv_end(): the table, now the caller's; NULL the second time */

#endif
