/* Bytes to tables: the grammar, types, limits, any chunking, and every allocation failing. */
#include "base/mem.h"
#include "table/csv.h"
#include "table/table.h"
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>

/* Reads the bytes with this dialect in pieces of `piece` bytes. NULL on failure; *report either way. */
static status read_with(table **out, const dialect *d, const uint8_t *s, uint32_t n, uint32_t piece,
                        csv_report *report) {
    csv   *c;
    status done = csv_new(&c, d);
    *out = NULL;
    if (done != STATUS_OK) {
        return done;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t at = 0; done == STATUS_OK && at < n; at += piece) {
            done = csv_feed(c, s + at, n - at < piece ? n - at : piece);
        }
        done = done == STATUS_OK ? csv_end(c) : done;
        if (done != STATUS_OK || !csv_needs_another_pass(c)) {
            break;
        }
        done = csv_again(c);
    }
    csv_read_report(c, report);
    if (done == STATUS_OK) {
        *out = csv_take(c);
    }
    csv_free(c);
    while (done == STATUS_OK && !table_settled(*out)) {
        done = table_settle(*out, 3);
        if (done != STATUS_OK) {
            table_free(*out);
            *out = NULL;
        }
    }
    return done;
}

static status read_text(table **out, const char *s, uint32_t header, uint32_t piece,
                        csv_report *report) {
    const dialect d = {.separator = ',', .decimal = '.', .header = header};
    return read_with(out, &d, (const uint8_t *)s, (uint32_t)strlen(s), piece, report);
}

static table *table_of(const char *s, uint32_t header) {
    table     *t;
    csv_report r;
    CHECK_STATUS(read_text(&t, s, header, 1u << 20, &r), STATUS_OK);
    return t;
}

static bool is_bytes(const uint8_t *s, uint32_t n, const char *wanted) {
    return n == strlen(wanted) && memcmp(s, wanted, n) == 0;
}

static bool named(const table *t, uint32_t j, const char *name) {
    return is_bytes(table_name(t, j), table_name_bytes(t, j), name);
}

static bool says(const table *t, uint32_t row, uint32_t j, const char *wanted) {
    const uint32_t code = table_code(t, row, j);
    return code != UINT32_MAX &&
           is_bytes(table_word(t, j, code), table_word_bytes(t, j, code), wanted);
}

static table_column info(const table *t, uint32_t j) {
    table_column c;
    table_column_info(t, j, &c);
    return c;
}

/* The bits of everything a table holds. */
static bool same_tables(const table *a, const table *b) {
    uint32_t fa[2];
    uint32_t fb[2];
    table_fingerprint(a, fa);
    table_fingerprint(b, fb);
    if (table_rows(a) != table_rows(b) || table_columns(a) != table_columns(b) ||
        memcmp(fa, fb, sizeof fa) != 0) {
        return false;
    }
    for (uint32_t j = 0; j < table_columns(a); j++) {
        const table_column ia = info(a, j);
        const table_column ib = info(b, j);
        if (memcmp(&ia, &ib, sizeof ia) != 0 || table_name_bytes(a, j) != table_name_bytes(b, j) ||
            memcmp(table_name(a, j), table_name(b, j), table_name_bytes(a, j)) != 0) {
            return false;
        }
        for (uint32_t row = 0; row < table_rows(a); row++) {
            const double va = table_number(a, row, j);
            const double vb = table_number(b, row, j);
            if (memcmp(&va, &vb, sizeof va) != 0 ||
                table_code(a, row, j) != table_code(b, row, j) ||
                table_row_offset(a, row) != table_row_offset(b, row)) {
                return false;
            }
        }
    }
    return true;
}

static void cells(void) {
    table *t = table_of("a,b,\"c, d\"\n1,x,\"y\"\"z\"\n2.5,,\"two\nlines\"\n,\"NA\",w\n", 2);
    CHECK(table_rows(t) == 3 && table_columns(t) == 3);
    CHECK(named(t, 0, "a") && named(t, 2, "c, d"));
    CHECK(table_number(t, 0, 0) == 1.0 && table_number(t, 1, 0) == 2.5);
    CHECK(isnan(table_number(t, 2, 0)));
    CHECK(says(t, 0, 1, "x") && table_code(t, 1, 1) == UINT32_MAX &&
          table_code(t, 2, 1) == UINT32_MAX);
    CHECK(says(t, 0, 2, "y\"z") && says(t, 1, 2, "two\nlines") && says(t, 2, 2, "w"));
    CHECK(info(t, 0).missing == 1 && info(t, 1).missing == 2 && info(t, 2).missing == 0);
    CHECK(table_row_offset(t, 0) == 11.0 && table_row_offset(t, 1) == 22.0);
    table_free(t);
}

static void line_breaks(void) {
    table                   *lf = table_of("a,b\n1,2\n3,4\n", 2);
    static const char *const others[] = {"a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4",
                                         "a,b\n1,2\r3,4\r\n", "\n\na,b\n\n1,2\n  \n3,4\n\n\n",
                                         "a,b\n1,2\n3,4"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        table *t = table_of(others[i], 2);
        CHECK(table_rows(t) == 2 && table_columns(t) == 2);
        for (uint32_t row = 0; row < 2; row++) {
            for (uint32_t j = 0; j < 2; j++) {
                CHECK(table_number(t, row, j) == table_number(lf, row, j));
            }
        }
        table_free(t);
    }
    table_free(lf);
}

static void ragged_records(void) {
    table     *t;
    csv_report r;
    CHECK_STATUS(read_text(&t, "a,b,c\n1,2\n1,2,3,4\n1,2,3,,\n1,2,3\n,,\n", 2, 100, &r), STATUS_OK);
    CHECK(table_rows(t) == 4);
    CHECK(r.short_records == 1 && r.long_records == 1 && r.empty_records == 1);
    CHECK(r.ragged_line[0] == 2 && r.ragged_line[1] == 3 && r.ragged_line[2] == 0);
    CHECK(isnan(table_number(t, 0, 2)) && table_number(t, 1, 2) == 3.0);
    table_free(t);
}

static void stray_quotes(void) {
    table     *t;
    csv_report r;
    CHECK_STATUS(read_text(&t, "a,b\n5\" pipe,\"x\"y\n6\"\",\"z\" \n", 2, 100, &r), STATUS_OK);
    CHECK(r.stray_quotes == 5);
    CHECK(says(t, 0, 0, "5\" pipe") && says(t, 0, 1, "xy"));
    CHECK(says(t, 1, 0, "6\"\"") && says(t, 1, 1, "z "));
    table_free(t);
}

static void faults(void) {
    table     *t;
    csv_report r;
    CHECK_STATUS(read_text(&t, "a,b\n1,2\n3,\"4\n5,6\n", 2, 100, &r), STATUS_BAD_DATA);
    CHECK(t == NULL && r.problem == CSV_UNCLOSED_QUOTE && r.error_line == 3);
    const dialect d = {.separator = ',', .decimal = '.', .header = 2};
    CHECK_STATUS(read_with(&t, &d, (const uint8_t *)"a,b\n1,\0\n", 8, 3, &r), STATUS_BAD_DATA);
    CHECK(r.problem == CSV_NUL && r.error_line == 2);
    CHECK_STATUS(read_with(&t, &d, (const uint8_t *)"a\n\"\n\0\"", 6, 6, &r), STATUS_BAD_DATA);
    CHECK(r.problem == CSV_NUL && r.error_line == 3);
    csv *c;
    CHECK_STATUS(csv_new(&c, &(dialect){.separator = ',', .decimal = ',', .header = 1}),
                 STATUS_BAD_PARAM);
    CHECK_STATUS(csv_new(&c, &(dialect){.separator = ',', .decimal = '.', .header = 0}),
                 STATUS_BAD_PARAM);
}

/* A field, a name and a record at the limit and one past it. */
static void limits(void) {
    const uint32_t most = CSV_MAX_FIELD;
    char          *s = malloc(most + 32);
    for (uint32_t over = 0; over < 2; over++) {
        for (int quoted = 0; quoted < 2; quoted++) {
            uint32_t n = 0;
            strcpy(s, "a\n");
            n = 2;
            if (quoted) {
                s[n++] = '"';
            }
            memset(s + n, 'x', most + over);
            n += most + over;
            strcpy(s + n, quoted ? "\"\n" : "\n");
            table     *t;
            csv_report r;
            for (uint32_t piece = 1000; piece <= 4000000; piece += 3999000) {
                CHECK_STATUS(read_text(&t, s, 2, piece, &r), over ? STATUS_TOO_LARGE : STATUS_OK);
                CHECK(r.problem == (over ? CSV_FIELD_TOO_LONG : CSV_FINE));
                CHECK(!over || r.error_line == 2);
                table_free(t);
            }
        }
        memset(s, 'n', CSV_MAX_NAME + over);
        strcpy(s + CSV_MAX_NAME + over, "\n1\n");
        table     *t;
        csv_report r;
        CHECK_STATUS(read_text(&t, s, 2, 1u << 20, &r), over ? STATUS_TOO_LARGE : STATUS_OK);
        table_free(t);
        memset(s, ',', TABLE_MAX_COLUMNS - 1 + over);
        strcpy(s + TABLE_MAX_COLUMNS - 1 + over, "\n");
        CHECK_STATUS(read_text(&t, s, 2, 1u << 20, &r), over ? STATUS_TOO_LARGE : STATUS_OK);
        CHECK(r.problem == (over ? CSV_TOO_MANY_COLUMNS : CSV_FINE));
        CHECK(over || table_columns(t) == TABLE_MAX_COLUMNS);
        table_free(t);
    }
    free(s);
}

static void names(void) {
    table *t = table_of("x,x,,\" x \",__proto__,x (2),x\n1,2,3,4,5,6,7\n", 2);
    CHECK(named(t, 0, "x") && named(t, 1, "x (2)") && named(t, 2, "c3") && named(t, 3, "x (3)"));
    CHECK(named(t, 4, "__proto__") && named(t, 5, "x (2) (2)") && named(t, 6, "x (4)"));
    table_free(t);
    t = table_of("1,2\n", 1);
    CHECK(named(t, 0, "c1") && named(t, 1, "c2") && table_rows(t) == 1);
    table_free(t);
    t = table_of("a,b\n", 2);
    CHECK(table_rows(t) == 0 && table_columns(t) == 2 && info(t, 0).kind == TABLE_EMPTY);
    table_free(t);
    t = table_of("\n \n", 2);
    CHECK(table_rows(t) == 0 && table_columns(t) == 0);
    table_free(t);
}

static void narrowest_types(void) {
    table *t = table_of("a,b,c,d,e,f,g,h\n"
                        "0,0,0.5,0.1,1,16777217,300,0.5\n"
                        "255,-1,1000000,5,,0.5,0.25,16777217\n",
                        2);
    CHECK(info(t, 0).store == TABLE_STORE_U8);
    CHECK(info(t, 1).store == TABLE_STORE_I32);
    CHECK(info(t, 2).store == TABLE_STORE_F32);
    CHECK(info(t, 3).store == TABLE_STORE_F64);
    CHECK(info(t, 4).store == TABLE_STORE_U8 && info(t, 4).missing == 1);
    CHECK(info(t, 5).store == TABLE_STORE_F64); /* no float holds 2^24 + 1 */
    CHECK(info(t, 6).store == TABLE_STORE_F32);
    CHECK(info(t, 7).store == TABLE_STORE_F64); /* whatever the order */
    CHECK(table_number(t, 1, 3) == 5.0 && table_number(t, 0, 5) == 16777217.0);
    table_free(t);
}

static void kinds(void) {
    table *t = table_of("id,zip,big,one,word,year,none,inf,step\n"
                        "7,00501,90071992547409931,3,a,2007,,inf,1\n"
                        "3,10001,90071992547409932,3,b,2007,,1,2\n"
                        "5,10001,90071992547409933,3,a,2008,,2,3\n",
                        2);
    CHECK(info(t, 0).kind == TABLE_IDENTIFIER);
    CHECK(info(t, 1).kind == TABLE_IDENTIFIER && says(t, 0, 1, "00501"));
    CHECK(info(t, 2).kind == TABLE_IDENTIFIER && says(t, 2, 2, "90071992547409933"));
    CHECK(info(t, 3).kind == TABLE_CONSTANT && info(t, 3).distinct == 1);
    CHECK(info(t, 4).kind == TABLE_CATEGORY && info(t, 4).distinct == 2);
    CHECK(says(t, 0, 4, "a") && table_code(t, 0, 4) == 0 && table_word_count(t, 4, 0) == 2);
    CHECK(info(t, 5).kind == TABLE_NUMBER && info(t, 5).integer == 1);
    CHECK(info(t, 6).kind == TABLE_EMPTY && info(t, 6).missing == 3);
    CHECK(info(t, 7).kind == TABLE_NUMBER && info(t, 7).infinite == 1 && info(t, 7).missing == 1);
    CHECK(info(t, 8).kind == TABLE_NUMBER); /* three rows prove no order */
    table_free(t);
}

static void rising_numbers_are_row_numbers(void) {
    char s[400] = "n,m,f\n";
    for (int i = 0; i < 12; i++) {
        snprintf(s + strlen(s), 32, "%d,%d,%d.5\n", i + 1, i == 7 ? 0 : i * 2, i);
    }
    table *t = table_of(s, 2);
    CHECK(info(t, 0).kind == TABLE_IDENTIFIER);
    CHECK(info(t, 1).kind == TABLE_NUMBER && info(t, 2).kind == TABLE_NUMBER);
    table_free(t);
}

/* The 20 % rule at its edge, and text that comes after numbers. */
static void bad_cells(void) {
    table *t = table_of("a,b,c\n1,1,01\nx,y,x\n3,z,x\n4,4,y\n5,5,\n", 2);
    CHECK(info(t, 0).kind == TABLE_NUMBER && info(t, 0).bad == 1 && info(t, 0).missing == 1);
    CHECK(info(t, 1).kind == TABLE_TEXT && info(t, 1).distinct == 5 && says(t, 0, 1, "1"));
    CHECK(info(t, 2).kind == TABLE_CATEGORY && says(t, 0, 2, "01") && info(t, 2).missing == 1);
    table_free(t);
}

static void another_pass_must_see_the_same_bytes(void) {
    const dialect d = {.separator = ',', .decimal = '.', .header = 2};
    csv          *c;
    csv_report    r;
    CHECK_STATUS(csv_new(&c, &d), STATUS_OK);
    CHECK_STATUS(csv_feed(c, (const uint8_t *)"a\n1\nx\n", 6), STATUS_OK);
    CHECK_STATUS(csv_end(c), STATUS_OK);
    CHECK(csv_needs_another_pass(c));
    CHECK_STATUS(csv_again(c), STATUS_OK);
    CHECK_STATUS(csv_feed(c, (const uint8_t *)"a\n1\ny\n", 6), STATUS_OK);
    CHECK_STATUS(csv_end(c), STATUS_BAD_DATA);
    csv_read_report(c, &r);
    CHECK(r.problem == CSV_CHANGED);
    csv_free(c);
}

static const char *const HARD = "\xEF\xBB\xBFid,\"a\"\"b\",c\xC3\xA4,d,e\r\n"
                                "1,\"x,\r\ny\",1.5,007,-200\r\n"
                                "2,\"\",2e300,008,5\r"
                                "\n"
                                ",,,,\n"
                                "3,z\"z,NA,009,70000\n"
                                "4,\xFF\xFE,1e999\r\n"
                                "5,\"q\"r,x,010,0.5,9\n"
                                "  \n"
                                "\xE2\x88\x92"
                                "6,w,12345678901234567890.5,011,1";

static void any_chunking(void) {
    dialect        d = {.separator = ',', .decimal = '.', .header = 2, .skip_bytes = 3};
    const uint32_t n = (uint32_t)strlen(HARD);
    table         *whole;
    csv_report     wanted;
    CHECK_STATUS(read_with(&whole, &d, (const uint8_t *)HARD, n, n, &wanted), STATUS_OK);
    CHECK(table_rows(whole) == 6 && wanted.empty_records == 1 && wanted.not_utf8 == 1);
    CHECK(named(whole, 1, "a\"b") && info(whole, 3).kind == TABLE_IDENTIFIER);
    for (uint32_t piece = 1; piece < n; piece++) {
        table     *t;
        csv_report r;
        CHECK_STATUS(read_with(&t, &d, (const uint8_t *)HARD, n, piece, &r), STATUS_OK);
        CHECK(same_tables(whole, t));
        CHECK_BITS(&r, &wanted, sizeof r);
        table_free(t);
    }
    table_free(whole);
}

/* Numbers of every width with holes, long enough for every array to grow more than once. */
static void many_rows(void) {
    enum { ROWS = 3000 };
    char *s = malloc(ROWS * 40);
    char *p = s + sprintf(s, "a,b,c,w\n");
    for (int i = 0; i < ROWS; i++) {
        if (i % 7 == 3) {
            p += sprintf(p, ",%d,,word %d\n", i * 1000 - 5, i % 40);
        } else {
            p += sprintf(p, "%d,,%d.25,\n", i % 256, i);
        }
    }
    table *t = table_of(s, 2);
    CHECK(table_rows(t) == ROWS);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        char       word[16];
        const bool third = i % 7 == 3;
        snprintf(word, sizeof word, "word %u", i % 40);
        wrong += third != (isnan(table_number(t, i, 0)) != 0);
        wrong += third != (table_number(t, i, 1) == (double)i * 1000 - 5);
        wrong += third == (table_number(t, i, 2) == (double)i + 0.25);
        wrong += third != says(t, i, 3, word);
    }
    CHECK(wrong == 0);
    double stats[3];
    table_column_stats(t, 2, stats);
    CHECK(stats[0] == 0.25 && stats[1] == ROWS - 2 + 0.25);
    CHECK(info(t, 2).missing == 429 && info(t, 2).distinct == ROWS - 429);
    CHECK(info(t, 0).distinct == 256 && info(t, 3).words == 40);
    table_free(t);
    free(s);
}

static void distinct_values_are_capped(void) {
    char *s = malloc(200000);
    char *p = s + sprintf(s, "a,w\n");
    for (int i = 0; i < 10001; i++) {
        p += sprintf(p, "%d,v%d\n", (i * 7919) % 10007, i);
    }
    table *t = table_of(s, 2);
    CHECK(info(t, 0).distinct == TABLE_MANY && info(t, 1).distinct == TABLE_MANY);
    CHECK(info(t, 1).kind == TABLE_TEXT && info(t, 1).words == 10001);
    uint16_t *codes = malloc(10001 * sizeof *codes);
    table_codes(t, 1, codes);
    CHECK(codes[0] == 0 && codes[9999] == 9999 && codes[10000] == 65534);
    free(codes);
    table_free(t);
    *strrchr(s, 'v') = '\0'; /* one value less of each */
    *(strrchr(s, '\n') + 1) = '\0';
    t = table_of(s, 2);
    CHECK(info(t, 0).distinct == 10000 && info(t, 1).distinct == 10000);
    table_free(t);
    free(s);
}

static void pixels(void) {
    const uint8_t bytes[] = {1, 0, 1, 10, 20, 30, 40, 0, 255, 7, 20, 0, 255};
    for (uint32_t piece = 1; piece <= sizeof bytes; piece++) {
        table *t;
        CHECK_STATUS(table_pixels_new(&t, 3, 2, (const uint8_t *)"digit", 5,
                                      (const uint8_t *)"a\nb\n", 4, 2),
                     STATUS_OK);
        const uint32_t n = 9;
        for (uint32_t at = 0; at < n; at += piece) {
            CHECK_STATUS(table_pixels_feed(t, bytes + at, n - at < piece ? n - at : piece),
                         STATUS_OK);
        }
        CHECK_STATUS(table_pixels_end(t), STATUS_OK);
        CHECK_STATUS(table_settle(t, 100), STATUS_OK);
        CHECK(table_rows(t) == 3 && table_columns(t) == 3);
        CHECK(named(t, 0, "digit") && named(t, 1, "pixel 1") && named(t, 2, "pixel 2"));
        CHECK(says(t, 0, 0, "b") && says(t, 1, 0, "a") && says(t, 2, 0, "b"));
        CHECK(table_number(t, 1, 1) == 30.0 && table_number(t, 2, 2) == 255.0);
        double stats[3];
        table_column_stats(t, 2, stats);
        CHECK(stats[0] == 20.0 && stats[1] == 255.0);
        CHECK_NEAR(stats[2], (20.0 + 40.0 + 255.0) / 3.0, 1e-13);
        CHECK(info(t, 2).distinct == 3);
        CHECK_STATUS(table_pixels_feed(t, bytes, 1), STATUS_BAD_DATA);
        table_free(t);
    }
    table         *t;
    const uint8_t *none = (const uint8_t *)"";
    CHECK_STATUS(table_pixels_new(&t, 2, 2, none, 0, none, 0, 0), STATUS_OK);
    CHECK_STATUS(table_pixels_feed(t, bytes, 3), STATUS_OK);
    CHECK_STATUS(table_pixels_end(t), STATUS_BAD_DATA);
    table_free(t);
    CHECK_STATUS(table_pixels_new(&t, 1, 1, none, 0, (const uint8_t *)"a\n", 2, 1), STATUS_OK);
    CHECK_STATUS(table_pixels_feed(t, bytes, 1), STATUS_BAD_DATA); /* label 1 of one class */
    table_free(t);
    CHECK_STATUS(table_pixels_new(&t, 0, 1, none, 0, none, 0, 0), STATUS_BAD_SHAPE);
    CHECK_STATUS(table_pixels_new(&t, 1, 1, none, 0, (const uint8_t *)"a\n", 2, 2),
                 STATUS_BAD_SHAPE);
    CHECK_STATUS(table_pixels_new(&t, 5000000, 49999, none, 0, none, 0, 0), STATUS_TOO_LARGE);
    CHECK(t == NULL);
}

/* Every allocation in turn fails, once or from there on: a status, nothing leaked, usable again. */
static void allocations_fail(void) {
    dialect        d = {.separator = ',', .decimal = '.', .header = 2, .skip_bytes = 3};
    const uint32_t n = (uint32_t)strlen(HARD);
    const size_t   before = mem_in_use();
    table         *whole;
    csv_report     r;
    CHECK_STATUS(read_with(&whole, &d, (const uint8_t *)HARD, n, 7, &r), STATUS_OK);
    for (int persistent = 0; persistent < 2; persistent++) {
        uint32_t nth = 1;
        for (;; nth++) {
            table *t;
            mem_fail_nth(nth, persistent != 0);
            const status s = read_with(&t, &d, (const uint8_t *)HARD, n, 7, &r);
            mem_fail_nth(0, false);
            if (s == STATUS_OK) {
                CHECK(same_tables(whole, t));
                table_free(t);
                break;
            }
            CHECK(s == STATUS_NO_MEMORY && t == NULL);
        }
        CHECK(nth > 30); /* it did allocate, and each failed once */
    }
    table_free(whole);
    for (int persistent = 0; persistent < 2; persistent++) {
        for (uint32_t nth = 1;; nth++) {
            table *t;
            mem_fail_nth(nth, persistent != 0);
            const status s = table_pixels_new(&t, 5, 40, (const uint8_t *)"l", 1,
                                              (const uint8_t *)"a\nb\n", 4, 2);
            mem_fail_nth(0, false);
            table_free(t);
            if (s == STATUS_OK) {
                break;
            }
            CHECK(s == STATUS_NO_MEMORY && t == NULL);
        }
    }
    CHECK(mem_in_use() == before);
}

TESTS({"cells", cells}, {"line breaks", line_breaks}, {"ragged records", ragged_records},
      {"stray quotes", stray_quotes}, {"faults", faults}, {"limits", limits}, {"names", names},
      {"narrowest types", narrowest_types}, {"kinds", kinds},
      {"rising numbers are row numbers", rising_numbers_are_row_numbers}, {"bad cells", bad_cells},
      {"another pass must see the same bytes", another_pass_must_see_the_same_bytes},
      {"any chunking", any_chunking}, {"many rows", many_rows},
      {"distinct values are capped", distinct_values_are_capped}, {"pixels", pixels},
      {"allocations fail", allocations_fail})
