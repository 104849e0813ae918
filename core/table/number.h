/* number.h: what counts as a number, what as a missing value, and what as text.
 *
 * The grammar, for a cell without the spaces, tabs and no-break spaces (U+00A0) around it:
 *
 *     number   = [sign] mantissa [("e" | "E") ["+" | "-"] digits]
 *     sign     = "+" | "-" | U+2212
 *     mantissa = digits [point [digits]] | point digits
 *     digits   = one or more of "0" … "9"
 *     point    = "." or ",": one of them, decided for a whole file (see dialect.h)
 *
 * So `+3`, `.5`, `5.` and `1e-3` are numbers; `1e`, `--1`, `1_000`, `0x10`, `1 000`, `12%` and digits
 * of other scripts are text. The value is the double nearest to the written decimal, ties to even, on
 * every platform; "-0" is 0.
 *
 * Missing: the empty cell and, in any mixture of upper and lower case, the words
 *     NA  N/A  N.A.  <NA>  NaN  null  none  nil  -  --  ?  .
 *     #N/A  #NA  #DIV/0!  #VALUE!  #REF!  #NUM!  #NAME?  #NULL!
 * quoted or not.
 *
 * Infinite: [sign] inf or infinity in any case, and numbers too large for a double (1e999). They are
 * treated as missing and counted apart.
 */
#ifndef TABLE_NUMBER_H
#define TABLE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    NUMBER_OK = 0,
    NUMBER_MISSING = 1,
    NUMBER_INFINITE = 2,
    NUMBER_TEXT = 3
} number_class;

typedef struct {
    double value;        /* with NUMBER_OK; else 0 */
    bool   whole;        /* written as an integer: a sign and digits alone */
    bool   leading_zero; /* written as an integer of two or more digits, the first of them 0 */
    bool   beyond_exact; /* written as an integer larger than 2^53 in size */
} number;

/* Classifies the n bytes at s; `point` is '.' or ','. Never reads past n, needs no terminator. */
number_class number_read(const uint8_t *s, size_t n, char point, number *out);

/* The same for the boundary: the class; *value is set with NUMBER_OK and NaN otherwise. */
uint32_t number_parse(const uint8_t *s, uint32_t n, uint32_t point, double *value);

#endif
