/* The number grammar by example, and its values against the platform's strtod. */
#include "table/number.h"
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>

static uint32_t class_of(const char *s, char point, double *value) {
    return number_parse((const uint8_t *)s, (uint32_t)strlen(s), (uint32_t)point, value);
}

static void check_number(const char *s, char point, double wanted) {
    double         value;
    const uint32_t found = class_of(s, point, &value);
    if (found != NUMBER_OK || memcmp(&value, &wanted, sizeof value) != 0) {
        printf("  \"%s\" gave class %u, value %.17g, not %.17g\n", s, found, value, wanted);
        test_failures++;
    }
}

static void check_class(const char *s, char point, uint32_t wanted) {
    double         value;
    const uint32_t found = class_of(s, point, &value);
    if (found != wanted || !isnan(value)) {
        printf("  \"%s\" gave class %u, value %g, not class %u\n", s, found, value, wanted);
        test_failures++;
    }
}

static void numbers(void) {
    check_number("0", '.', 0.0);
    check_number("-0", '.', 0.0);
    check_number("007", '.', 7.0);
    check_number("+3", '.', 3.0);
    check_number("-3", '.', -3.0);
    check_number("\xE2\x88\x92"
                 "3.5",
                 '.', -3.5); /* U+2212 */
    check_number(".5", '.', 0.5);
    check_number("5.", '.', 5.0);
    check_number("1e3", '.', 1000.0);
    check_number("1E+3", '.', 1000.0);
    check_number("1e-3", '.', 0.001);
    check_number("  12\t", '.', 12.0);
    check_number("\xC2\xA0"
                 "12\xC2\xA0",
                 '.', 12.0);
    check_number("1,5", ',', 1.5);
    check_number(",5", ',', 0.5);
    check_number("0e999999999999", '.', 0.0);
    check_number("1e-999999999999", '.', 0.0);
    check_number("4.9e-324", '.', 4.9406564584124654e-324);
    check_number("2.4e-324", '.', 0.0);
    check_number("2.2250738585072011e-308", '.', 2.2250738585072011e-308);
    check_number("1.7976931348623157e308", '.', 1.7976931348623157e308);
    check_number("9007199254740993", '.', 9007199254740992.0); /* a tie, to even */
    check_number("9007199254740993.000000000000000000000000000001", '.', 9007199254740994.0);
}

static void texts(void) {
    static const char *const list[] = {
        "1e",  "e5", "--1",  "1_000", "0x10",     "0b1", "1 000", "12%", "1,5", "1.2.3",  "+",
        "1-2", "a",  "1e5x", "true",  "\xD9\xA3", "+-1", "e",     "..",  "1e+", "infinit"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        check_class(list[i], '.', NUMBER_TEXT);
    }
    check_class("1.5", ',', NUMBER_TEXT);
}

static void missing_words(void) {
    static const char *const list[] = {
        "",        " ",   "NA",     "na",   "Na",   "N/A",   "n/a",  "null", "NULL", "None",
        "none",    "nan", "NaN",    "NAN",  "-",    "--",    "?",    ".",    "#N/A", "#DIV/0!",
        "#VALUE!", "nil", "#NAME?", "<NA>", "N.A.", "#REF!", " NA ", "#NUM!"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        check_class(list[i], '.', NUMBER_MISSING);
        check_class(list[i], ',', NUMBER_MISSING);
    }
    check_class("nap", '.', NUMBER_TEXT);
    check_class("n", '.', NUMBER_TEXT);
    check_class("nothing", '.', NUMBER_TEXT);
}

static void infinities(void) {
    static const char *const list[] = {"inf",      "-inf",      "+Inf",
                                       "Infinity", "-INFINITY", "1e999",
                                       "-1e999",   "1.8e308",   "1e999999999999999999999"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        check_class(list[i], '.', NUMBER_INFINITE);
    }
    char digits[401];
    memset(digits, '9', 400);
    digits[400] = '\0';
    check_class(digits, '.', NUMBER_INFINITE);
}

static void how_it_was_written(void) {
    number n;
    CHECK(number_read((const uint8_t *)"00123", 5, '.', &n) == NUMBER_OK);
    CHECK(n.whole && n.leading_zero && !n.beyond_exact);
    CHECK(number_read((const uint8_t *)"0", 1, '.', &n) == NUMBER_OK);
    CHECK(n.whole && !n.leading_zero);
    CHECK(number_read((const uint8_t *)"01.5", 4, '.', &n) == NUMBER_OK);
    CHECK(!n.whole && !n.leading_zero);
    CHECK(number_read((const uint8_t *)"9007199254740992", 16, '.', &n) == NUMBER_OK);
    CHECK(n.whole && !n.beyond_exact);
    CHECK(number_read((const uint8_t *)"9007199254740994", 16, '.', &n) == NUMBER_OK);
    CHECK(n.whole && n.beyond_exact);
    CHECK(number_read((const uint8_t *)"1e20", 4, '.', &n) == NUMBER_OK);
    CHECK(!n.whole && !n.beyond_exact);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random_bits(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static bool random_double(double *out) {
    const uint64_t bits = random_bits() & 0x7FFFFFFFFFFFFFFFu;
    memcpy(out, &bits, sizeof bits);
    return isfinite(*out) != 0;
}

static int random_digits(char *s, int n) {
    for (int i = 0; i < n; i++) {
        s[i] = (char)('0' + random_bits() % 10);
    }
    return n;
}

/* Writes a random decimal; false when there was none this time. */
static bool random_decimal(char *s, size_t size) {
    double    v;
    double    next;
    const int kind = (int)(random_bits() % 6);
    switch (kind) {
        case 0:
        case 1: /* a double with any number of digits */
            if (!random_double(&v)) {
                return false;
            }
            snprintf(s, size, "%.*g", kind == 0 ? 17 : (int)(random_bits() % 25) + 1, v);
            return true;
        case 2: { /* digits around a point */
            int n = random_digits(s, (int)(random_bits() % 22) + 1);
            s[n++] = '.';
            n += random_digits(s + n, (int)(random_bits() % 20));
            s[n] = '\0';
            return true;
        }
        case 3:
            snprintf(s, size, "%llue%d", (unsigned long long)random_bits(),
                     (int)(random_bits() % 700) - 360);
            return true;
        case 4: /* half-way between two neighbours, to the last digit or a digit more */
            if (!random_double(&v) || !isfinite(next = nextafter(v, HUGE_VAL)) ||
                random_bits() % 16 != 0) {
                return false;
            }
            snprintf(s, size, "%.780Le", ((long double)v + (long double)next) / 2.0L);
            if (random_bits() % 2 == 0) { /* a digit more: no longer half-way */
                char *e = strchr(s, 'e');
                memmove(e + 1, e, strlen(e) + 1);
                *e = '1';
            }
            return true;
        default:
            snprintf(s, size, "%llu", (unsigned long long)(random_bits() >> (random_bits() % 64)));
            return true;
    }
}

static void equal_to_strtod(void) {
    static char s[2000];
    uint32_t    compared = 0;
    uint32_t    wrong = 0;
    while (compared < 1000000) {
        if (!random_decimal(s, sizeof s)) {
            continue;
        }
        compared++;
        const double   wanted = strtod(s, NULL);
        double         value;
        const uint32_t found = class_of(s, '.', &value);
        const bool     right = isinf(wanted) ? found == NUMBER_INFINITE
                                             : found == NUMBER_OK && memcmp(&value, &wanted, 8) == 0;
        if (!right && wrong++ < 5) {
            printf("  %.60s: %u %.17g, not %.17g\n", s, found, value, wanted);
        }
    }
    CHECK(wrong == 0);
}

TESTS({"numbers", numbers}, {"texts", texts}, {"missing words", missing_words},
      {"infinities", infinities}, {"how it was written", how_it_was_written},
      {"equal to strtod on a million decimals", equal_to_strtod})
