/* dialect.h: how a text file is written: separator, decimal point, header, and what to pass over.
 *
 * Decided from the first bytes (64 KiB are plenty), by evidence:
 *
 * 1. A UTF-8 byte order mark is passed over. A first line "sep=X" names the separator and is passed
 *    over too.
 * 2. Separator, of , ; tab |: the sample is cut into records with each (quotes respected, at most 200
 *    of them; a last record cut off by the end of the sample does not count). A separator's score is
 *        share of records with the most common number of fields, squared
 *      x mean worth of their fields: 1 for a number or missing value, 0.7 for text, 0.2 for text that
 *        contains another separator
 *    and a tenth of that when the most common number is 1. The highest score wins; ties go to more
 *    fields, then to the order above. Numbers are tried with both decimal points.
 * 3. Decimal point: "," when more fields are numbers with a decimal comma alone than with a decimal
 *    point alone, and the separator is not ","; else ".".
 * 4. A first record with fewer fields than all of at least two others, which agree: when it is one
 *    short, the first column holds row names (as R writes them) and is called "row"; else the record
 *    is passed over as a preamble.
 * 5. Header: the first record is a header when it has text over columns of numbers, in at least as many
 *    columns as it has numbers over numbers; or when its numbers, eight or more, count up by one from
 *    0 or 1. With no column of numbers: when its fields are different
 *    from each other, none is empty, and none comes again in its own column.
 *
 * Whatever the caller gives is not guessed.
 */
#ifndef TABLE_DIALECT_H
#define TABLE_DIALECT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIALECT_GUESS 0u

/* A wire struct: 4-byte fields only. */
typedef struct {
    uint32_t
        separator;    /* ',' ';' '\t' '|'; as a hint any byte from 1 to 126 that is no quote, digit,
                            letter, line break, '.', '-', '+' or space; 0 = guess */
    uint32_t decimal; /* '.' or ','; 0 = guess */
    uint32_t header;  /* 1 = there is none, 2 = the first record; 0 = guess */
    uint32_t skip_bytes; /* found: to pass over at the start */
    uint32_t skip_lines; /* found: lines in them */
    uint32_t preamble;   /* found: 1 = a first record unlike the others is among them */
    uint32_t row_names;  /* found: 1 = the header has no name for the first column */
    uint32_t fields;     /* found: the most common number of fields */
} dialect;

_Static_assert(sizeof(dialect) == 32, "dialect is a wire struct");

/* `sample` is the first n bytes of the file, all of it when `whole`. Fields of *d that are not 0 among
 * separator, decimal and header are kept; all others are set. Never allocates; O(n).
 * BAD_PARAM for hints outside their ranges, or equal separator and decimal. */
status dialect_sniff(dialect *d, const uint8_t *sample, uint32_t n, uint32_t whole);

#endif
