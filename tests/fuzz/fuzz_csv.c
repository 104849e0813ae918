/* Any bytes, sniffed and read twice: whole, and in pieces whose sizes come from the input. Both must give
 * the same, and leave no memory behind. The first byte is a seed for the pieces, the second may make one
 * allocation fail. */
#include "base/mem.h"
#include "table/csv.h"
#include "table/features.h"
#include "table/table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static status feed(csv *c, const uint8_t *s, uint32_t n, uint32_t seed) {
    for (uint32_t at = 0; at < n;) {
        const uint32_t left = n - at;
        seed = seed * 1664525u + 1013904223u;
        const uint32_t piece = seed >> 24 < 8 ? 1 : seed >> 27;
        const uint32_t take = piece == 0 || piece > left ? left : piece;
        TRY(csv_feed(c, s + at, take));
        at += take;
    }
    return csv_end(c);
}

static status read_all(table **out, const dialect *d, const uint8_t *s, uint32_t n, uint32_t seed,
                       csv_report *report) {
    csv *c;
    *out = NULL;
    memset(report, 0, sizeof *report);
    TRY(csv_new(&c, d));
    status done = feed(c, s, n, seed);
    if (done == STATUS_OK && csv_needs_another_pass(c)) {
        done = csv_again(c);
        done = done == STATUS_OK ? feed(c, s, n, seed * 7u) : done;
        if (done == STATUS_OK && csv_needs_another_pass(c)) {
            abort();
        }
    }
    csv_read_report(c, report);
    *out = done == STATUS_OK ? csv_take(c) : NULL;
    csv_free(c);
    return done;
}

static void check_equal(const table *a, const table *b) {
    if (table_rows(a) != table_rows(b) || table_columns(a) != table_columns(b)) {
        abort();
    }
    for (uint32_t j = 0; j < table_columns(a) && j < 50; j++) {
        table_column ia;
        table_column ib;
        table_column_info(a, j, &ia);
        table_column_info(b, j, &ib);
        if (memcmp(&ia, &ib, sizeof ia) != 0) {
            abort();
        }
        for (uint32_t row = 0; row < table_rows(a) && row < 200; row++) {
            const double va = table_number(a, row, j);
            const double vb = table_number(b, row, j);
            if (memcmp(&va, &vb, sizeof va) != 0 ||
                table_code(a, row, j) != table_code(b, row, j)) {
                abort();
            }
        }
    }
}

static void use(const table *t) {
    uint32_t columns[50];
    uint32_t n = table_columns(t) < 50 ? table_columns(t) : 50;
    for (uint32_t j = 0; j < n; j++) {
        columns[j] = j;
    }
    for (uint32_t scale = 0; scale <= FEATURES_BY_255; scale++) {
        const features_params p = {scale, 0};
        features             *f;
        if (features_new(&f, t, &p, columns, n) != STATUS_OK) {
            continue;
        }
        while (!features_done(f)) {
            features_step(f, 3);
        }
        float *x = malloc(features_count(f) * sizeof *x);
        features_row(f, features_rows(f) - 1, x);
        for (uint32_t j = 0; j < features_count(f); j++) {
            if (!(x[j] - x[j] == 0.0f)) {
                abort(); /* nothing that is not finite may reach a kernel */
            }
        }
        features_to_raw(f, x, x);
        free(x);
        features_free(f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > 65536) {
        return 0;
    }
    const uint32_t n = (uint32_t)size - 2;
    dialect        d = {0};
    if (dialect_sniff(&d, data + 2, n, 1) != STATUS_OK) {
        return 0;
    }
    table       *whole;
    table       *pieces;
    csv_report   a;
    csv_report   b;
    const size_t before = mem_in_use();
    const status sa = read_all(&whole, &d, data + 2, n, 0, &a);
    const status sb = read_all(&pieces, &d, data + 2, n, data[0] + 1u, &b);
    if (sa != sb || a.problem != b.problem || a.error_line != b.error_line || a.rows != b.rows) {
        abort();
    }
    if (sa == STATUS_OK) {
        if (table_settle(whole, UINT32_MAX) != STATUS_OK ||
            table_settle(pieces, UINT32_MAX) != STATUS_OK) {
            abort();
        }
        check_equal(whole, pieces);
        use(whole);
    }
    table_free(whole);
    table_free(pieces);
    if (data[1] > 0) {
        mem_fail_nth(data[1], (data[0] & 1u) != 0);
        if (read_all(&whole, &d, data + 2, n, 3, &a) == STATUS_OK) {
            table_settle(whole, UINT32_MAX);
        }
        mem_fail_nth(0, false);
        table_free(whole);
    }
    if (mem_in_use() != before) {
        abort();
    }
    return 0;
}
