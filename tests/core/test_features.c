/* Features against means, deviations and medians computed here in the obvious way. */
#include "base/mem.h"
#include "table/csv.h"
#include "table/features.h"
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>

static table *table_of(const char *s) {
    const dialect d = {.separator = ',', .decimal = '.', .header = 2};
    csv          *c;
    CHECK_STATUS(csv_new(&c, &d), STATUS_OK);
    CHECK_STATUS(csv_feed(c, (const uint8_t *)s, (uint32_t)strlen(s)), STATUS_OK);
    CHECK_STATUS(csv_end(c), STATUS_OK);
    if (csv_needs_another_pass(c)) {
        CHECK_STATUS(csv_again(c), STATUS_OK);
        CHECK_STATUS(csv_feed(c, (const uint8_t *)s, (uint32_t)strlen(s)), STATUS_OK);
        CHECK_STATUS(csv_end(c), STATUS_OK);
    }
    table *t = csv_take(c);
    csv_free(c);
    CHECK_STATUS(table_settle(t, UINT32_MAX), STATUS_OK);
    return t;
}

/* Features of all columns, stepped by `units`. */
static features *features_of(const table *t, uint32_t scale, uint32_t keep, uint32_t units) {
    features_params p;
    features_params_default(&p);
    CHECK(p.scale == FEATURES_AUTO && p.keep_constant == 0);
    p.scale = scale;
    p.keep_constant = keep;
    uint32_t columns[64];
    for (uint32_t j = 0; j < table_columns(t); j++) {
        columns[j] = j;
    }
    features    *f;
    const size_t before = mem_in_use();
    CHECK_STATUS(features_new(&f, t, &p, columns, table_columns(t)), STATUS_OK);
    CHECK(mem_in_use() - before == features_bytes(t, &p, columns, table_columns(t)));
    const size_t claimed = mem_in_use();
    uint32_t     calls = 0;
    while (!features_done(f) && calls++ < 100000) {
        const uint32_t done = features_units_done(f);
        CHECK_STATUS(features_step(f, units), STATUS_OK);
        CHECK(features_units_done(f) > done);
    }
    CHECK(features_done(f) && features_units_done(f) == features_units(f));
    CHECK(mem_in_use() == claimed);
    return f;
}

static float at(const features *f, uint32_t row, uint32_t j) {
    float x[128];
    features_row(f, row, x);
    return x[j];
}

static float raw_at(const features *f, uint32_t row, uint32_t j) {
    float x[128];
    features_row(f, row, x);
    features_to_raw(f, x, x);
    return x[j];
}

static void standardised(void) {
    table    *t = table_of("a,b\n1,10.5\n2,\n,7.5\n5,0.5\n10,3\n");
    features *f = features_of(t, FEATURES_AUTO, 0, 1);
    CHECK(features_rows(f) == 5 && features_count(f) == 2 &&
          features_scale(f) == FEATURES_STANDARD);
    CHECK(features_filled_values(f) == 2 && features_filled_columns(f) == 2);
    CHECK(!features_in_unit_range(f) && !features_is_bytes(f));
    const double a[5] = {1, 2, 3.5, 5, 10};          /* median of 1 2 5 10 */
    const double b[5] = {10.5, 5.25, 7.5, 0.5, 3.0}; /* median of 0.5 3 7.5 10.5 */
    for (int j = 0; j < 2; j++) {
        const double *v = j == 0 ? a : b;
        double        mean = 0;
        double        variance = 0;
        for (int i = 0; i < 5; i++) {
            mean += v[i] / 5;
        }
        for (int i = 0; i < 5; i++) {
            variance += (v[i] - mean) * (v[i] - mean) / 5;
        }
        for (uint32_t i = 0; i < 5; i++) {
            CHECK_NEAR(at(f, i, (uint32_t)j), (v[i] - mean) / sqrt(variance), 1e-6);
            CHECK_NEAR(raw_at(f, i, (uint32_t)j), v[i], 2e-6);
        }
    }
    CHECK_NEAR(features_baseline(f), 1.0, 1e-12);
    const matrix *x = features_matrix(f);
    CHECK(x->dtype == MATRIX_F32 && x->stride == 4 && (uintptr_t)x->data % 64 == 0);
    CHECK(((const float *)x->data)[2] == 0.0f && ((const float *)x->data)[3] == 0.0f);
    features_free(f);
    table_free(t);
}

static void other_scales(void) {
    table    *t = table_of("a,b\n-1,0\n0,2.5\n3,10\n");
    features *f = features_of(t, FEATURES_MINMAX, 0, 5);
    CHECK(at(f, 0, 0) == 0.0f && at(f, 1, 0) == 0.25f && at(f, 2, 0) == 1.0f &&
          at(f, 1, 1) == 0.25f);
    CHECK(features_in_unit_range(f) && raw_at(f, 2, 0) == 3.0f && raw_at(f, 1, 1) == 2.5f);
    /* variances 2/9 + 13/72 of (0, 1/4, 1) in both columns */
    CHECK_NEAR(features_baseline(f), (0.0 + 0.0625 + 1.0) / 3.0 - (1.25 / 3.0) * (1.25 / 3.0),
               1e-12);
    features_free(f);
    f = features_of(t, FEATURES_NONE, 0, 5);
    CHECK(at(f, 0, 0) == -1.0f && at(f, 1, 1) == 2.5f && !features_in_unit_range(f));
    features_free(f);
    f = features_of(t, FEATURES_BY_255, 0, 5);
    CHECK(at(f, 2, 1) == 10.0f / 255.0f && !features_in_unit_range(f) && !features_is_bytes(f));
    CHECK_NEAR(raw_at(f, 2, 1), 10.0, 1e-6);
    features_free(f);
    table_free(t);
}

static void bytes_stay_bytes(void) {
    table    *t = table_of("a,b,c\n0,0,7\n255,0,9\n128,0,200\n");
    features *f = features_of(t, FEATURES_AUTO, 0, 1);
    CHECK(features_is_bytes(f) && features_scale(f) == FEATURES_BY_255 &&
          features_in_unit_range(f));
    CHECK(features_count(f) == 3); /* the constant column stays: an image stays an image */
    CHECK(features_matrix(f)->dtype == MATRIX_U8 && features_matrix(f)->stride == 3);
    CHECK(at(f, 0, 0) == 0.0f && at(f, 1, 0) == 1.0f);
    CHECK_NEAR(at(f, 2, 2), 200.0 / 255.0, 1e-7);
    CHECK(raw_at(f, 1, 0) == 255.0f);
    CHECK_NEAR(raw_at(f, 2, 2), 200.0, 1e-4);
    features_free(f);
    f = features_of(t, FEATURES_STANDARD, 0, 1);
    CHECK(features_count(f) == 2 && features_column_outcome(f, 1) == FEATURES_CONSTANT);
    features_free(f);
    f = features_of(t, FEATURES_STANDARD, 1, 1);
    CHECK(features_count(f) == 3 && at(f, 0, 1) == 0.0f && raw_at(f, 1, 1) == 0.0f);
    features_free(f);
    table_free(t);

    t = table_of("a,b\n0,200\n,3\n"); /* a missing value: floats, by 255 all the same */
    f = features_of(t, FEATURES_AUTO, 0, 1);
    CHECK(features_scale(f) == FEATURES_BY_255 && !features_is_bytes(f) &&
          features_in_unit_range(f));
    features_free(f);
    table_free(t);
    t = table_of("a,b\n0,127\n5,3\n"); /* no value over 127: no image */
    f = features_of(t, FEATURES_AUTO, 0, 1);
    CHECK(features_scale(f) == FEATURES_STANDARD);
    features_free(f);
    table_free(t);
}

static void pixels_are_borrowed(void) {
    table        *t;
    const uint8_t bytes[] = {0, 1, 0, 200, 30, 255, 7, 8};
    CHECK_STATUS(
        table_pixels_new(&t, 2, 3, (const uint8_t *)"l", 1, (const uint8_t *)"a\nb\n", 4, 2),
        STATUS_OK);
    CHECK_STATUS(table_pixels_feed(t, bytes, 8), STATUS_OK);
    CHECK_STATUS(table_pixels_end(t), STATUS_OK);
    CHECK_STATUS(table_settle(t, 9), STATUS_OK);
    const uint32_t  all[] = {1, 2, 3};
    const uint32_t  some[] = {3, 1};
    features_params p = {FEATURES_AUTO, 0};
    features       *f;
    features       *g;
    CHECK_STATUS(features_new(&f, t, &p, all, 3), STATUS_OK);
    CHECK_STATUS(features_step(f, 100), STATUS_OK);
    CHECK_STATUS(features_new(&g, t, &p, some, 2), STATUS_OK);
    CHECK_STATUS(features_step(g, 100), STATUS_OK);
    CHECK(features_bytes(t, &p, all, 3) < features_bytes(t, &p, some, 2) + 128);
    CHECK(((const uint8_t *)features_matrix(f)->data)[1] == 200);
    CHECK_NEAR(at(f, 1, 0) * 255.0f, 255.0, 1e-4);
    CHECK_NEAR(at(g, 0, 0) * 255.0f, 30.0, 1e-4);
    CHECK_NEAR(at(g, 1, 1) * 255.0f, 255.0, 1e-4);
    /* variance of two values is a quarter of their difference squared */
    CHECK_NEAR(features_baseline(f), (255.0 * 255.0 + 193.0 * 193.0 + 22.0 * 22.0) / 12.0 / 65025.0,
               1e-12);
    features_free(f);
    features_free(g);
    table_free(t);
}

static void one_hot(void) {
    table    *t = table_of("c,x\nred,1\nblue,2\nred,4\n,9\n");
    features *f = features_of(t, FEATURES_STANDARD, 0, 1);
    CHECK(features_count(f) == 3 && features_category(f, 0) == 0 && features_category(f, 1) == 1);
    CHECK(features_category(f, 2) == FEATURES_NO_CATEGORY && features_source(f, 2) == 1);
    const float wanted[4][2] = {{1, 0}, {0, 1}, {1, 0}, {0, 0}};
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(at(f, i, 0) == wanted[i][0] && at(f, i, 1) == wanted[i][1]);
        CHECK(raw_at(f, i, 0) == wanted[i][0]);
    }
    CHECK_NEAR(features_baseline(f), (0.25 + 0.1875 + 1.0) / 3.0, 1e-12);
    features_free(f);
    table_free(t);

    char s[40000] = "c,d\n";
    for (int i = 0; i < 2200; i++) {
        snprintf(s + strlen(s), 32, "v%d,w%d\n", i % 70, i % 1100);
    }
    t = table_of(s);
    f = features_of(t, FEATURES_STANDARD, 0, 7);
    CHECK(features_count(f) == FEATURES_MAX_ONE_HOT + 1 &&
          features_category(f, 64) == FEATURES_OTHER);
    CHECK(features_column_outcome(f, 0) == FEATURES_ONE_HOT);
    CHECK(features_column_outcome(f, 1) == FEATURES_TOO_MANY);
    for (uint32_t i = 0; i < 70; i++) {
        float sum = 0.0f;
        for (uint32_t j = 0; j < features_count(f); j++) {
            sum += at(f, i, j);
        }
        CHECK(sum == 1.0f);
    }
    features_free(f);
    table_free(t);
}

static void hostile_columns(void) {
    /* constant, nearly constant, empty, text, huge, tiny */
    char s[8000] = "k,n,e,t,h,s\n";
    for (int i = 0; i < 30; i++) {
        snprintf(s + strlen(s), 128, "5,1.0000000000000%d,,text %d,%se308,%de-310\n", i % 2 * 2 + 1,
                 i, i % 2 == 0 ? "1.5" : "-1.5", i + 1);
    }
    table    *t = table_of(s);
    features *f = features_of(t, FEATURES_STANDARD, 0, 3);
    CHECK(features_column_outcome(f, 0) == FEATURES_CONSTANT);
    CHECK(features_column_outcome(f, 1) == FEATURES_NEAR_CONSTANT);
    CHECK(features_column_outcome(f, 2) == FEATURES_EMPTY);
    CHECK(features_column_outcome(f, 3) == FEATURES_TEXT);
    CHECK(features_count(f) == 2);
    CHECK_NEAR(at(f, 0, 0), 1.0, 1e-6); /* +-1.5e308: squares are beyond a double, scaling is not */
    CHECK_NEAR(at(f, 1, 0), -1.0, 1e-6);
    CHECK_NEAR(at(f, 0, 1), (1.0 - 15.5) / sqrt(899.0 / 12.0),
               1e-6); /* 1 … 30, below the normal range */
    CHECK_NEAR(features_baseline(f), 1.0, 1e-9);
    features_free(f);
    f = features_of(t, FEATURES_NONE, 0, 3);
    CHECK(at(f, 0, 0) == 3.4028234663852886e38f && at(f, 1, 0) == -3.4028234663852886e38f);
    features_free(f);
    table_free(t);
}

/* The exact median and the sums, on enough rows for several blocks, against sorting. */
static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void medians_of_many(void) {
    for (uint32_t n = 9000; n < 9002; n++) {
        char   *s = malloc((size_t)n * 16 + 16);
        double *v = malloc((n + 1) * sizeof *v);
        char   *p = s + sprintf(s, "a\n");
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t h = (i * 2654435761u) >> 8;
            v[i] = (double)(h % 5000) / 8.0; /* many equal ones */
            p += sprintf(p, "%.3f\n", v[i]);
        }
        sprintf(p, "NA\n");
        table    *t = table_of(s);
        features *f = features_of(t, FEATURES_NONE, 0, 1);
        qsort(v, n, sizeof *v, by_value);
        const double median = n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2.0;
        CHECK(table_rows(t) == n + 1 && at(f, n, 0) == (float)median);
        double mean = 0;
        double variance = 0;
        v[n] = median;
        for (uint32_t i = 0; i <= n; i++) {
            mean += v[i] / (n + 1);
        }
        for (uint32_t i = 0; i <= n; i++) {
            variance += (v[i] - mean) * (v[i] - mean) / (n + 1);
        }
        CHECK_NEAR(features_baseline(f), variance, variance * 1e-11);
        features_free(f);
        table_free(t);
        free(s);
        free(v);
    }
}

static void slices_change_no_bit(void) {
    char s[60000] = "a,b,c\n";
    for (int i = 0; i < 2000; i++) {
        snprintf(s + strlen(s), 40, "%d.%d,%d,%s\n", i % 91, i % 7, i % 256, i % 3 ? "u" : "v");
    }
    table    *t = table_of(s);
    features *f = features_of(t, FEATURES_STANDARD, 0, 1);
    features *g = features_of(t, FEATURES_STANDARD, 0, 1000);
    features *h = features_of(t, FEATURES_MINMAX, 0, 1000);
    uint32_t  a[2];
    uint32_t  b[2];
    uint32_t  c[2];
    features_fingerprint(f, a);
    features_fingerprint(g, b);
    features_fingerprint(h, c);
    CHECK_BITS(a, b, sizeof a);
    CHECK(memcmp(a, c, sizeof a) != 0);
    const matrix *x = features_matrix(f);
    CHECK_BITS(x->data, features_matrix(g)->data, (size_t)x->n * x->stride * 4);
    features_free(f);
    features_free(g);
    features_free(h);
    table_free(t);
}

static void refusals(void) {
    table          *t = table_of("a,b\n1,x\n1,y\n");
    const uint32_t  columns[] = {0, 7};
    features_params p = {FEATURES_AUTO, 0};
    features       *f;
    CHECK_STATUS(features_new(&f, t, &p, columns, 2), STATUS_BAD_PARAM);
    CHECK_STATUS(features_new(&f, t, &p, columns, 1), STATUS_BAD_SHAPE); /* constant alone */
    CHECK_STATUS(features_new(&f, t, &p, columns, 0), STATUS_BAD_SHAPE);
    CHECK(features_bytes(t, &p, columns, 0) == SIZE_MAX);
    p.scale = 5;
    CHECK_STATUS(features_new(&f, t, &p, columns, 1), STATUS_BAD_PARAM);
    CHECK(f == NULL);
    table_free(t);
    t = table_of("a,b\n");
    p.scale = FEATURES_AUTO;
    CHECK_STATUS(features_new(&f, t, &p, columns, 1), STATUS_BAD_SHAPE);
    table_free(t);
}

static void allocation_fails(void) {
    table          *t = table_of("a,b\n1,2\n,5\n7,6\n");
    const uint32_t  columns[] = {0, 1};
    features_params p = {FEATURES_AUTO, 0};
    const size_t    before = mem_in_use();
    for (int persistent = 0; persistent < 2; persistent++) {
        features *f;
        mem_fail_nth(1, persistent != 0);
        CHECK_STATUS(features_new(&f, t, &p, columns, 2), STATUS_NO_MEMORY);
        mem_fail_nth(0, false);
        CHECK(f == NULL && mem_in_use() == before);
        CHECK_STATUS(features_new(&f, t, &p, columns, 2), STATUS_OK);
        mem_fail_nth(1, true); /* nothing after this allocates */
        CHECK_STATUS(features_step(f, 100), STATUS_OK);
        mem_fail_nth(0, false);
        CHECK(features_done(f));
        features_free(f);
    }
    CHECK(mem_in_use() == before);
    table_free(t);
}

TESTS({"standardised", standardised}, {"other scales", other_scales},
      {"bytes stay bytes", bytes_stay_bytes}, {"pixels are borrowed", pixels_are_borrowed},
      {"one hot", one_hot}, {"hostile columns", hostile_columns},
      {"medians of many", medians_of_many}, {"slices change no bit", slices_change_no_bit},
      {"refusals", refusals}, {"allocation fails", allocation_fails})
