/* Any bytes as a cell: no fault, and the platform's strtod agrees on what both call a number. */
#include "table/number.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Plain decimals, without the spaces, signs and words that strtod reads in its own way. */
static bool is_plain(const uint8_t *s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (s[i] == 0 || strchr("0123456789.eE+-", s[i]) == NULL) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 4000) {
        return 0;
    }
    number             with_comma;
    number             n;
    const number_class comma = number_read(data, size, ',', &with_comma);
    const number_class c = number_read(data, size, '.', &n);
    if (comma == NUMBER_OK && memchr(data, ',', size) == NULL && c != NUMBER_OK) {
        abort(); /* without a point both points must agree */
    }
    if (c == NUMBER_OK && is_plain(data, size)) {
        char s[4001];
        memcpy(s, data, size);
        s[size] = '\0';
        char        *end;
        const double wanted = strtod(s, &end);
        if (*end != '\0' || wanted != n.value) {
            abort();
        }
    }
    return 0;
}
