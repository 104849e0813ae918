/* text.h: a dictionary of byte strings, numbered from 0 in the order they first came. */
#ifndef TABLE_TEXT_H
#define TABLE_TEXT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t  *bytes; /* all strings, one after the other */
    uint32_t *start; /* (n + 1) string i is bytes[start[i]] … bytes[start[i + 1] - 1] */
    uint32_t *count; /* (n) how often string i was added */
    uint32_t *slot;  /* (slots) open addressing: index + 1, 0 = free */
    uint32_t  n;
    uint32_t  capacity; /* of count; start has one more */
    uint32_t  slots;    /* 0 or a power of 2, at most three quarters full */
    size_t    bytes_capacity;
} text;

/* Adds a string, or counts it once more. *code is its number; *fresh, whether it is new.
 * NO_MEMORY leaves the dictionary as it was. TOO_LARGE past 4 GB of strings. */
status text_add(text *t, const uint8_t *s, size_t n, uint32_t *code, bool *fresh);

/* String `code` (not terminated) and its length. */
const uint8_t *text_get(const text *t, uint32_t code, uint32_t *n);

/* Numbers the strings anew, most frequent first, ties in the old order. order (t->n) is scratch for
 * the caller to translate codes with: order[old] = new. */
status text_sort(text *t, uint32_t *order);

size_t text_memory(const text *t);
void   text_clear(text *t); /* frees; the dictionary is then empty and usable */

#endif
