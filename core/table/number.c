/* number.c: decimal to nearest double without the platform's library.
 *
 * Three ways, each exact: (1) up to 2^53 times or over 10^22: one rounded operation on two exact
 * doubles (Clinger 1990); (2) up to 19 digits and a power up to 10^27: a 128-bit product or quotient
 * of integers, rounded once; (3) anything else: big integers, the quotient's first 64 bits by long
 * division. 800 digits decide every case, because a point half-way between two doubles has at most
 * 767 significant digits; a digit beyond them only says "a little more".
 */
#include "table/number.h"

#include <string.h>

enum {
    MANTISSA_DIGITS = 19, /* always fit 64 bits */
    BIG_DIGITS = 800,
    BIG_WORDS = 176, /* 5,632 bits: 800 digits or 5^1125, shifted to meet each other */
    EXPONENT_LIMIT = 4000000
};

typedef struct {
    uint32_t word[BIG_WORDS]; /* little end first */
    uint32_t n;               /* words in use; the highest is not 0 */
} big;

/* ---------------------------------------------------------------- rounding */

static double from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* q * 2^power (q's highest bit set), plus something below one unit of q when `more`; ties to even. */
static double round_to_double(uint64_t q, int32_t power, bool more) {
    const int32_t top = power + 63; /* exponent of q's highest bit */
    if (top > 1023) {
        return from_bits(0x7FF0000000000000u);
    }
    uint32_t shift = 11;
    int32_t  biased = top + 1022; /* the highest bit of the mantissa adds the missing 1 */
    if (top < -1022) {
        shift += (uint32_t)(-1022 - top);
        biased = 0;
    }
    if (shift > 64) {
        return 0.0;
    }
    const uint64_t kept = shift == 64 ? 0 : q >> shift;
    const uint64_t half = (uint64_t)1 << (shift - 1);
    const uint64_t low = shift == 64 ? q : q & ((half << 1) - 1u);
    const bool     up = low > half || (low == half && (more || (kept & 1u) != 0));
    return from_bits(((uint64_t)biased << 52) + kept + (up ? 1u : 0u));
}

/* ---------------------------------------------------------------- 128 bits */

static void multiply(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low) {
    const uint64_t a0 = (uint32_t)a;
    const uint64_t a1 = a >> 32;
    const uint64_t b0 = (uint32_t)b;
    const uint64_t b1 = b >> 32;
    const uint64_t mid = a1 * b0 + ((a0 * b0) >> 32);
    const uint64_t mid2 = a0 * b1 + (uint32_t)mid;
    *high = a1 * b1 + (mid >> 32) + (mid2 >> 32);
    *low = a * b;
}

/* high * 2^64 over d, for d with its highest bit set and high < d (Knuth's algorithm D, base 2^32). */
static uint64_t divide(uint64_t high, uint64_t low, uint64_t d, uint64_t *remainder) {
    const uint64_t d1 = d >> 32;
    const uint64_t d0 = (uint32_t)d;
    uint64_t       q[2];
    uint64_t       rest = high;
    for (int i = 0; i < 2; i++) {
        const uint64_t next = i == 0 ? low >> 32 : (uint32_t)low;
        uint64_t       digit = rest / d1;
        uint64_t       r = rest - digit * d1;
        while (digit >> 32 != 0 || digit * d0 > ((r << 32) | next)) {
            digit--;
            r += d1;
            if (r >> 32 != 0) {
                break;
            }
        }
        rest = (rest << 32) + next - digit * d; /* modulo 2^64, as the true rest is small */
        q[i] = digit;
    }
    *remainder = rest;
    return (q[0] << 32) + q[1];
}

static const double POWER_10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static uint64_t power_5(uint32_t k) {
    uint64_t p = 1;
    for (; k > 0; k--) {
        p *= 5;
    }
    return p;
}

/* m * 10^e for m > 0 and |e| <= 27, where 5^|e| fits 63 bits. */
static double medium(uint64_t m, int32_t e) {
    uint64_t high;
    uint64_t low;
    if (e >= 0) {
        multiply(m, power_5((uint32_t)e), &high, &low);
        if (high == 0) {
            const int lead = __builtin_clzll(low);
            return round_to_double(low << lead, e - lead, false);
        }
        const int lead = __builtin_clzll(high);
        if (lead == 0) {
            return round_to_double(high, e + 64, low != 0);
        }
        return round_to_double((high << lead) | (low >> (64 - lead)), e + 64 - lead,
                               (low << lead) != 0);
    }
    uint64_t  d = power_5((uint32_t)-e);
    const int lead_d = __builtin_clzll(d);
    const int lead_m = __builtin_clzll(m);
    d <<= lead_d;
    high = m << lead_m;
    low = 0;
    int32_t power = e + lead_d - lead_m - 64;
    if (high >= d) { /* halve, so that the quotient keeps to 64 bits */
        low = high << 63;
        high >>= 1;
        power++;
    }
    uint64_t       remainder;
    const uint64_t q = divide(high, low, d, &remainder);
    return round_to_double(q, power, remainder != 0);
}

/* ---------------------------------------------------------------- any size */

static void big_multiply_add(big *b, uint32_t factor, uint32_t term) {
    uint64_t carry = term;
    for (uint32_t i = 0; i < b->n; i++) {
        carry += (uint64_t)b->word[i] * factor;
        b->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        b->word[b->n++] = (uint32_t)carry;
    }
}

static void big_times_power_5(big *b, uint32_t k) {
    for (; k >= 13; k -= 13) {
        big_multiply_add(b, 1220703125u, 0);
    }
    big_multiply_add(b, (uint32_t)power_5(k), 0);
}

static uint32_t big_bits(const big *b) {
    return 32u * b->n - (uint32_t)__builtin_clz(b->word[b->n - 1]);
}

static void big_shift(big *b, uint32_t bits) {
    const uint32_t words = bits / 32u;
    const uint32_t rest = bits % 32u;
    if (words > 0) {
        for (uint32_t i = b->n; i-- > 0;) {
            b->word[i + words] = b->word[i];
        }
        memset(b->word, 0, words * sizeof b->word[0]);
        b->n += words;
    }
    if (rest > 0) {
        big_multiply_add(b, 1u << rest, 0);
    }
}

static bool big_at_least(const big *a, const big *b) {
    if (a->n != b->n) {
        return a->n > b->n;
    }
    for (uint32_t i = a->n; i-- > 0;) {
        if (a->word[i] != b->word[i]) {
            return a->word[i] > b->word[i];
        }
    }
    return true;
}

static void big_subtract(big *a, const big *b) {
    int64_t borrow = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        const int64_t word = (int64_t)a->word[i] - (i < b->n ? (int64_t)b->word[i] : 0) - borrow;
        a->word[i] = (uint32_t)(word & 0xFFFFFFFF);
        borrow = word < 0 ? 1 : 0;
    }
    while (a->n > 0 && a->word[a->n - 1] == 0) {
        a->n--;
    }
}

/* The digits in s (a point among them is passed over) as an integer, times 10^e; e already counts the
 * digits after the point. Not all digits are 0. */
static double slow(const uint8_t *s, size_t n, int64_t e) {
    big      num = {{0}, 0};
    uint32_t kept = 0;
    bool     more = false;
    for (size_t i = 0; i < n; i++) {
        const uint32_t digit = (uint32_t)s[i] - '0';
        if (digit > 9 || (kept == 0 && digit == 0)) {
            continue;
        }
        if (kept < BIG_DIGITS) {
            big_multiply_add(&num, 10, digit);
            kept++;
        } else {
            more = more || digit != 0;
            e++;
        }
    }
    if (more) {
        big_multiply_add(&num, 10, 1);
        e--;
        kept++;
    }
    if (e + kept > 309) {
        return from_bits(0x7FF0000000000000u);
    }
    if (e + kept <= -324) { /* below 1e-324, less than half of the smallest double */
        return 0.0;
    }
    big den = {{1}, 1};
    if (e >= 0) {
        big_times_power_5(&num, (uint32_t)e);
    } else {
        big_times_power_5(&den, (uint32_t)-e);
    }
    /* Bring both to the same length, then the ratio into [1, 2). */
    int32_t shift = (int32_t)big_bits(&den) - (int32_t)big_bits(&num);
    if (shift >= 0) {
        big_shift(&num, (uint32_t)shift);
    } else {
        big_shift(&den, (uint32_t)-shift);
    }
    if (!big_at_least(&num, &den)) {
        big_shift(&num, 1);
        shift++;
    }
    uint64_t q = 0;
    for (int bit = 0; bit < 64; bit++) {
        q <<= 1;
        if (big_at_least(&num, &den)) {
            big_subtract(&num, &den);
            q |= 1;
        }
        if (num.n > 0) {
            big_shift(&num, 1);
        }
    }
    return round_to_double(q, (int32_t)e - shift - 63, num.n > 0);
}

/* ---------------------------------------------------------------- grammar */

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool same_word(const uint8_t *s, size_t n, const char *word) {
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = s[i] >= 'A' && s[i] <= 'Z' ? (uint8_t)(s[i] + 32) : s[i];
        if (word[i] == '\0' || c != (uint8_t)word[i]) {
            return false;
        }
    }
    return word[n] == '\0';
}

static bool is_missing_word(const uint8_t *s, size_t n) {
    static const char *const words[] = {
        "na", "n/a", "n.a.", "<na>", "nan",   "null",  "none",   "nil",    "-",       "--",
        "?",  ".",   "#n/a", "#na",  "#ref!", "#num!", "#name?", "#null!", "#div/0!", "#value!"};
    if (n > 7) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (same_word(s, n, words[i])) {
            return true;
        }
    }
    return false;
}

static size_t sign_bytes(const uint8_t *s, size_t n, bool *negative) {
    *negative = false;
    if (n >= 1 && (s[0] == '+' || s[0] == '-')) {
        *negative = s[0] == '-';
        return 1;
    }
    if (n >= 3 && s[0] == 0xE2 && s[1] == 0x88 && s[2] == 0x92) {
        *negative = true;
        return 3;
    }
    return 0;
}

static void trim(const uint8_t **s, size_t *n) {
    const uint8_t *p = *s;
    size_t         left = *n;
    while (left > 0) {
        if (p[0] == ' ' || p[0] == '\t') {
            p += 1;
            left -= 1;
        } else if (left >= 2 && p[0] == 0xC2 && p[1] == 0xA0) {
            p += 2;
            left -= 2;
        } else {
            break;
        }
    }
    while (left > 0) {
        if (p[left - 1] == ' ' || p[left - 1] == '\t') {
            left -= 1;
        } else if (left >= 2 && p[left - 2] == 0xC2 && p[left - 1] == 0xA0) {
            left -= 2;
        } else {
            break;
        }
    }
    *s = p;
    *n = left;
}

/* Reads "e-12" at s; false when it is not an exponent to the end of the cell. */
static bool read_exponent(const uint8_t *s, size_t n, int64_t *exponent) {
    size_t p = 1;
    bool   negative = false;
    if (p < n && (s[p] == '+' || s[p] == '-')) {
        negative = s[p] == '-';
        p++;
    }
    if (p == n) {
        return false;
    }
    int64_t value = 0;
    for (; p < n; p++) {
        if (!is_digit(s[p])) {
            return false;
        }
        if (value < EXPONENT_LIMIT) {
            value = value * 10 + (s[p] - '0');
        }
    }
    *exponent = negative ? -value : value;
    return true;
}

number_class number_read(const uint8_t *s, size_t n, char point, number *out) {
    memset(out, 0, sizeof *out);
    trim(&s, &n);
    if (n == 0) {
        return NUMBER_MISSING;
    }
    bool         negative;
    const size_t first = sign_bytes(s, n, &negative);
    size_t       p = first;
    if (p == n || !(is_digit(s[p]) || s[p] == (uint8_t)point)) {
        if (is_missing_word(s, n)) {
            return NUMBER_MISSING;
        }
        return same_word(s + p, n - p, "inf") || same_word(s + p, n - p, "infinity")
                   ? NUMBER_INFINITE
                   : NUMBER_TEXT;
    }

    uint64_t m = 0;
    uint32_t kept = 0;
    int64_t  e = 0;
    bool     cut = false;
    while (p < n && is_digit(s[p])) {
        const uint32_t digit = (uint32_t)s[p++] - '0';
        if (kept < MANTISSA_DIGITS) {
            m = m * 10 + digit;
            kept += m != 0 ? 1u : 0u;
        } else {
            cut = true;
            e++;
        }
    }
    size_t     digits = p - first;
    const bool whole = p == n;
    if (p < n && s[p] == (uint8_t)point) {
        p++;
        const size_t after = p;
        while (p < n && is_digit(s[p])) {
            const uint32_t digit = (uint32_t)s[p++] - '0';
            if (kept < MANTISSA_DIGITS) {
                m = m * 10 + digit;
                kept += m != 0 ? 1u : 0u;
                e--;
            } else {
                cut = true;
            }
        }
        digits += p - after;
    }
    if (digits == 0) {
        return is_missing_word(s, n) ? NUMBER_MISSING : NUMBER_TEXT;
    }
    const size_t end = p;
    int64_t      exponent = 0;
    if (p < n && ((s[p] != 'e' && s[p] != 'E') || !read_exponent(s + p, n - p, &exponent))) {
        return NUMBER_TEXT;
    }

    const int64_t power = e + exponent;
    double        value = 0.0;
    if (m != 0) {
        if (cut || power < -27 || power > 27) {
            int64_t after = 0; /* digits after the point */
            for (size_t i = first; i < end; i++) {
                if (s[i] == (uint8_t)point) {
                    after = (int64_t)(end - i) - 1;
                }
            }
            value = slow(s + first, end - first, exponent - after);
        } else if (m <= (uint64_t)1 << 53 && power >= -22 && power <= 22) {
            value = power < 0 ? (double)m / POWER_10[-power] : (double)m * POWER_10[power];
        } else {
            value = medium(m, (int32_t)power);
        }
    }
    if (value > 1.7976931348623157e308) {
        return NUMBER_INFINITE;
    }
    out->value = negative && value != 0.0 ? -value : value;
    out->whole = whole;
    out->leading_zero = whole && digits > 1 && s[first] == '0';
    out->beyond_exact = whole && value > 9007199254740992.0;
    return NUMBER_OK;
}

uint32_t number_parse(const uint8_t *s, uint32_t n, uint32_t point, double *value) {
    number             read;
    const number_class found = number_read(s, n, point == ',' ? ',' : '.', &read);
    *value = found == NUMBER_OK ? read.value : from_bits(0x7FF8000000000000u);
    return (uint32_t)found;
}
