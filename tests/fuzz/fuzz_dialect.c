/* Any bytes as a sample, with and without hints: no fault, and an answer that a reader can use. */
#include "table/csv.h"
#include "table/dialect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4 || size > 65536) {
        return 0;
    }
    dialect        d = {0};
    const uint32_t n = (uint32_t)size - 4;
    if (data[0] % 2 == 1) {
        d.separator = data[1];
        d.decimal = data[2] % 3 == 0 ? '.' : data[2] % 3 == 1 ? ',' : 0;
        d.header = data[3] % 4;
    }
    if (dialect_sniff(&d, data + 4, n, data[0] >> 7) != STATUS_OK) {
        return 0;
    }
    csv *c;
    if (d.skip_bytes > n || d.header < 1 || d.header > 2 || csv_new(&c, &d) != STATUS_OK) {
        abort();
    }
    csv_free(c);
    return 0;
}
