/* How a file is written, from a sample of it. */
#include "table/dialect.h"
#include "test.h"

static dialect sniffed(const char *s) {
    dialect d = {0};
    CHECK_STATUS(dialect_sniff(&d, (const uint8_t *)s, (uint32_t)strlen(s), 1), STATUS_OK);
    return d;
}

static void check_dialect(const char *s, char separator, char decimal, uint32_t header) {
    const dialect d = sniffed(s);
    if (d.separator != (uint32_t)separator || d.decimal != (uint32_t)decimal ||
        d.header != header) {
        printf("  %.60s: separator '%c', decimal '%c', header %u\n", s, (int)d.separator,
               (int)d.decimal, d.header);
        test_failures++;
    }
}

static void separators(void) {
    check_dialect("a,b\n1,2\n3,4\n", ',', '.', 2);
    check_dialect("a;b\n1.5;2\n3;4\n", ';', '.', 2);
    check_dialect("a\tb\n1\t2\n3\t4\n", '\t', '.', 2);
    check_dialect("a|b\n1|2\n3|4\n", '|', '.', 2);
    check_dialect("value\n1\n2\n", ',', '.', 2);
    check_dialect("1\n2\n3\n", ',', '.', 1);
    /* commas inside quotes, and text with commas between tabs, are no evidence */
    check_dialect("a;b\n\"x,y,z\";2\n\"u,v,w\";4\n", ';', '.', 2);
    check_dialect("name\tn\nb, c\t1\nd, e\t2\n", '\t', '.', 2);
    check_dialect("a,b\r1,2\r3,4\r", ',', '.', 2);
}

static void decimal_comma(void) {
    check_dialect("a;b\n1,5;2,25\n3;4\n", ';', ',', 2);
    check_dialect("1,5;2,5\n3,5;4,5\n", ';', ',', 1);
    check_dialect("a\tb\n1,5\t2\n3\t4\n", '\t', ',', 2);
    check_dialect("a;b\n1.5;2.25\n3;4\n", ';', '.', 2);
    check_dialect("a,b\n\"1,5\",2\n", ',', '.', 2);
}

static void headers(void) {
    check_dialect("5.1,3.5,setosa\n4.9,3.0,setosa\n", ',', '.', 1);
    check_dialect("a,b,class\n5.1,3.5,setosa\n", ',', '.', 2);
    check_dialect("label,1,2\n5,0,0\n4,0,1\n", ',', '.', 1); /* as many numbers as words: below */
    check_dialect("id,name,2020\n1,bob,5\n2,ann,6\n", ',', '.', 2);
    check_dialect("label,0,1,2,3,4,5,6,7\n5,0,0,9,0,0,0,0,1\n", ',', '.', 2); /* names that count */
    check_dialect("0,1,2,3,4,5,6,7\n0,0,9,0,0,0,0,1\n", ',', '.', 2);
    check_dialect("key,val\nx,y\nz,w\n", ',', '.', 2); /* words only: all different, none again */
    check_dialect("x,y\nx,z\n", ',', '.', 1);          /* … or not */
    check_dialect("a,b,c\n", ',', '.', 2);
    check_dialect("1,2,3\n", ',', '.', 1);
    check_dialect(",x,y\n0,1,2\n1,3,4\n", ',', '.', 2); /* an index without a name */
}

static void passed_over(void) {
    dialect d = sniffed("\xEF\xBB\xBF"
                        "a,b\n1,2\n");
    CHECK(d.skip_bytes == 3 && d.skip_lines == 0 && d.header == 2 && d.fields == 2);
    d = sniffed("sep=;\r\na;b\r\n1;2\r\n");
    CHECK(d.separator == ';' && d.skip_bytes == 7 && d.skip_lines == 1);
    d = sniffed("\xEF\xBB\xBFsep=|\na|b\n1|2\n");
    CHECK(d.separator == '|' && d.skip_bytes == 9 && d.skip_lines == 1);
    d = sniffed("3,2,first,second\n1,2,3,4,0\n5,6,7,8,1\n9,1,2,3,1\n");
    CHECK(d.row_names == 1); /* one field short: row names */
    d = sniffed("3,2,two\n1,2,3,4,0\n5,6,7,8,1\n9,1,2,3,1\n");
    CHECK(d.preamble == 1 && d.skip_lines == 1 && d.skip_bytes == 8 && d.header == 1);
    d = sniffed("x,y\nr1,1,2\nr2,3,4\n");
    CHECK(d.row_names == 1 && d.header == 2 && d.skip_bytes == 0);
}

static void what_is_given_is_kept(void) {
    dialect     d = {.separator = ';', .decimal = '.', .header = 1};
    const char *s = "a,b\n1,2\n";
    CHECK_STATUS(dialect_sniff(&d, (const uint8_t *)s, 8, 1), STATUS_OK);
    CHECK(d.separator == ';' && d.decimal == '.' && d.header == 1);
    dialect bad = {.separator = 'x'};
    CHECK_STATUS(dialect_sniff(&bad, (const uint8_t *)s, 8, 1), STATUS_BAD_PARAM);
    dialect same = {.separator = ',', .decimal = ','};
    CHECK_STATUS(dialect_sniff(&same, (const uint8_t *)s, 8, 1), STATUS_BAD_PARAM);
    dialect header = {.header = 3};
    CHECK_STATUS(dialect_sniff(&header, (const uint8_t *)s, 8, 1), STATUS_BAD_PARAM);
}

static void every_prefix_of_a_sample(void) {
    const char *s = "\xEF\xBB\xBFsep=;\r\n\"a;\"\"x\";b\r\n1,5;\"2\n3\"\r\n\r\n;;\n4;5";
    for (uint32_t n = 0; n <= strlen(s); n++) {
        for (uint32_t whole = 0; whole < 2; whole++) {
            dialect d = {0};
            CHECK_STATUS(dialect_sniff(&d, (const uint8_t *)s, n, whole), STATUS_OK);
            CHECK(d.skip_bytes <= n && d.separator != 0 && d.decimal != 0 && d.header != 0);
        }
    }
}

static void a_cut_record_does_not_count(void) {
    dialect     d = {0};
    const char *s = "a,b,c\n1,2,3\n4,5,6\n7,8";
    CHECK_STATUS(dialect_sniff(&d, (const uint8_t *)s, (uint32_t)strlen(s), 0), STATUS_OK);
    CHECK(d.fields == 3 && d.row_names == 0);
    CHECK_STATUS(dialect_sniff(&(dialect){0}, (const uint8_t *)"a,b,c", 5, 0), STATUS_OK);
    dialect none = {0};
    CHECK_STATUS(dialect_sniff(&none, (const uint8_t *)"a,b,c", 5, 0), STATUS_OK);
    CHECK(none.fields == 0); /* a larger sample is needed */
}

TESTS({"separators", separators}, {"decimal comma", decimal_comma}, {"headers", headers},
      {"passed over at the start", passed_over}, {"what is given is kept", what_is_given_is_kept},
      {"every prefix of a sample", every_prefix_of_a_sample},
      {"a cut record does not count", a_cut_record_does_not_count})
