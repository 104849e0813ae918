/* Alignment of maps: known similarities come back, nothing found by search is better, and what has no best
 * answer is only shifted. */
#include "base/rng.h"
#include "measure/procrustes.h"
#include "test.h"

#include <stdbool.h>

#define N    300u
#define MANY 10000u /* several blocks */

static double uniform(uint32_t seed, uint32_t i, double lo, double hi) {
    return lo + (hi - lo) * (double)rng_uniform(seed, RNG_SYNTHETIC, i, 0);
}

/* An uneven cloud: nothing about it is symmetric. */
static void make_points(float *points, uint32_t n, uint32_t seed) {
    for (uint32_t i = 0; i < n; i++) {
        const float u = rng_normal(seed, RNG_SYNTHETIC, i, 0);
        const float v = rng_normal(seed, RNG_SYNTHETIC, i, 1);
        points[(size_t)i * 2] = 3.0f * u + 0.5f * v * v;
        points[(size_t)i * 2 + 1] = v + 0.3f * u * u + 2.0f;
    }
}

static void similarity(double out[6], double scale, double turns, bool flips, double tx,
                       double ty) {
    const double angle = 2.0 * acos(-1.0) * turns;
    out[0] = scale * cos(angle);
    out[2] = scale * sin(angle);
    out[1] = flips ? out[2] : -out[2];
    out[3] = flips ? -out[0] : out[0];
    out[4] = tx;
    out[5] = ty;
}

static void apply(const double t[6], const float *p, double out[2]) {
    out[0] = t[0] * (double)p[0] + t[1] * (double)p[1] + t[4];
    out[1] = t[2] * (double)p[0] + t[3] * (double)p[1] + t[5];
}

static void move(const double t[6], const float *from, float *to, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        double q[2];
        apply(t, from + (size_t)i * 2, q);
        to[(size_t)i * 2] = (float)q[0];
        to[(size_t)i * 2 + 1] = (float)q[1];
    }
}

static double cost(const double t[6], const float *from, const float *to, uint32_t n) {
    double sum = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        double q[2];
        apply(t, from + (size_t)i * 2, q);
        const double dx = q[0] - (double)to[(size_t)i * 2];
        const double dy = q[1] - (double)to[(size_t)i * 2 + 1];
        sum += dx * dx + dy * dy;
    }
    return sum;
}

static void check_six(const double got[6], const double wanted[6], double tolerance) {
    for (uint32_t c = 0; c < 6; c++) {
        CHECK_NEAR(got[c], wanted[c], tolerance);
    }
}

static void known_similarities_come_back(void) {
    static float from[MANY * 2];
    static float to[MANY * 2];
    make_points(from, MANY, 1);
    for (uint32_t i = 0; i < 40; i++) {
        const uint32_t n = i % 4 == 0 ? MANY : N;
        double         wanted[6];
        double         got[6];
        similarity(wanted, uniform(2, i, 0.2, 3.0), uniform(3, i, 0.0, 1.0), i % 2 == 1,
                   uniform(4, i, -2.0, 2.0), uniform(5, i, -2.0, 2.0));
        move(wanted, from, to, n);
        procrustes(from, to, n, got);
        check_six(got, wanted, 1e-6);
    }
}

/* For each angle, the best scale and shift from their own closed forms, about the means. */
static double best_by_search(const float *from, const float *to, uint32_t n) {
    double mean[4] = {0};
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t c = 0; c < 2; c++) {
            mean[c] += (double)from[i * 2 + c] / n;
            mean[2 + c] += (double)to[i * 2 + c] / n;
        }
    }
    double best = (double)INFINITY;
    for (uint32_t step = 0; step < 2 * 3600; step++) {
        double t[6];
        similarity(t, 1.0, (step % 3600) / 3600.0, step >= 3600, 0.0, 0.0);
        double across = 0.0;
        double square = 0.0;
        for (uint32_t i = 0; i < n; i++) {
            const double fx = (double)from[i * 2] - mean[0];
            const double fy = (double)from[i * 2 + 1] - mean[1];
            const double tx = (double)to[i * 2] - mean[2];
            const double ty = (double)to[i * 2 + 1] - mean[3];
            across += (t[0] * fx + t[1] * fy) * tx + (t[2] * fx + t[3] * fy) * ty;
            square += fx * fx + fy * fy;
        }
        const double scale = across > 0.0 ? across / square : 0.0;
        for (uint32_t c = 0; c < 4; c++) {
            t[c] *= scale;
        }
        t[4] = mean[2] - t[0] * mean[0] - t[1] * mean[1];
        t[5] = mean[3] - t[2] * mean[0] - t[3] * mean[1];
        const double c = cost(t, from, to, n);
        best = c < best ? c : best;
    }
    return best;
}

/* Maps that have little in common: `noise` of an unrelated cloud is in the second. */
static void make_pair(float *from, float *to, uint32_t n, uint32_t i, double noise) {
    double t[6];
    make_points(from, n, 10 + i);
    similarity(t, uniform(6, i, 0.3, 2.0), uniform(7, i, 0.0, 1.0), i % 2 == 0, 1.0, -3.0);
    move(t, from, to, n);
    for (uint32_t j = 0; j < n * 2; j++) {
        to[j] += (float)noise * rng_normal(90 + i, RNG_SYNTHETIC, j, 0);
    }
}

static void no_search_finds_better(void) {
    enum { FEW = 40 };
    float from[FEW * 2];
    float to[FEW * 2];
    for (uint32_t i = 0; i < 6; i++) {
        double t[6];
        make_pair(from, to, FEW, i, 2.0);
        procrustes(from, to, FEW, t);
        const double found = cost(t, from, to, FEW);
        const double searched = best_by_search(from, to, FEW);
        CHECK(found <= searched * (1.0 + 1e-12));
        CHECK_NEAR(searched / found, 1.0, 1e-4); /* the search is as fine as its angles */
        for (uint32_t c = 4; c < 6; c++) {       /* nor is another shift */
            for (int sign = -1; sign <= 1; sign += 2) {
                double other[6];
                memcpy(other, t, sizeof other);
                other[c] += sign * 1e-3;
                CHECK(cost(other, from, to, FEW) > found);
            }
        }
    }
}

static void never_worse_than_leaving_it(void) {
    static const double identity[6] = {1, 0, 0, 1, 0, 0};
    static float        from[N * 2];
    static float        to[N * 2];
    for (uint32_t i = 0; i < 30; i++) {
        double t[6];
        make_pair(from, to, N, i, 0.3 * i * i);
        procrustes(from, to, N, t);
        CHECK(cost(t, from, to, N) <= cost(identity, from, to, N) * (1.0 + 1e-12));
        procrustes(from, from, N, t);
        check_six(t, identity, 1e-12);
    }
}

/* However the first map is turned, mirrored or scaled beforehand, its points end in the same places. */
static void where_points_end_does_not_depend_on_where_they_began(void) {
    static float from[N * 2];
    static float to[N * 2];
    static float turned[N * 2];
    make_pair(from, to, N, 3, 1.0);
    double t[6];
    procrustes(from, to, N, t);
    for (uint32_t i = 0; i < 8; i++) {
        double before[6];
        double u[6];
        similarity(before, uniform(8, i, 0.1, 9.0), uniform(9, i, 0.0, 1.0), i % 2 == 1, 4.0, 5.0);
        move(before, from, turned, N);
        procrustes(turned, to, N, u);
        for (uint32_t row = 0; row < N; row += 7) {
            double p[2];
            double q[2];
            apply(t, from + (size_t)row * 2, p);
            apply(u, turned + (size_t)row * 2, q);
            CHECK_NEAR(p[0], q[0], 1e-5);
            CHECK_NEAR(p[1], q[1], 1e-5);
        }
    }
}

static void rows_that_are_not_finite_are_left_out(void) {
    static float from[N * 2];
    static float to[N * 2];
    static float some_from[N * 2];
    static float some_to[N * 2];
    make_pair(from, to, N, 1, 0.5);
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    uint32_t           kept = 0;
    for (uint32_t i = 0; i < N; i++) {
        if (i % 5 == 0) {
            float *side = i % 2 == 0 ? from : to;
            side[i * 2 + i / 5 % 2] = bad[i % 3];
            continue;
        }
        memcpy(some_from + (size_t)kept * 2, from + (size_t)i * 2, 2 * sizeof(float));
        memcpy(some_to + (size_t)kept * 2, to + (size_t)i * 2, 2 * sizeof(float));
        kept++;
    }
    double t[6];
    double u[6];
    procrustes(from, to, N, t);
    procrustes(some_from, some_to, kept, u);
    CHECK_BITS(t, u, sizeof t);
    CHECK(kept == N - N / 5);
}

/* Cases of few points, or without a best answer: exactly the stated shift. */
static void what_has_no_best_answer_is_only_shifted(void) {
    static const float one[] = {3, 4};
    static const float other[] = {10, 2};
    static const float same[] = {0.1f, 0.7f, 0.1f, 0.7f, 0.1f, 0.7f};
    static const float spread[] = {1, 1, 2, 3, 3, 2};
    static const float cross[] = {1, 0, -1, 0, 0, 1, 0, -1};
    static const float apart[] = {6, 5, 6, 5, 4, 5, 4, 5};
    static const float none[] = {NAN, 0, 1, INFINITY};
    const struct {
        const float *from, *to;
        uint32_t     n;
        double       tx, ty;
    } cases[] = {
        {one, other, 0, 0, 0},
        {one, other, 1, 7, -2},
        {none, spread, 2, 0, 0},
        {same, spread, 3, 2.0 - (double)0.1f, 2.0 - (double)0.7f},
        {spread, same, 3, (double)0.1f - 2.0, (double)0.7f - 2.0},
        {cross, apart, 4, 5, 5}, /* no turn and no mirror image brings these any closer */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double wanted[6] = {1, 0, 0, 1, cases[i].tx, cases[i].ty};
        double       t[6];
        procrustes(cases[i].from, cases[i].to, cases[i].n, t);
        check_six(t, wanted, 1e-12);
    }
    static float
        still[MANY * 2]; /* a mean that rounds: spread is that of the points, not of rounding */
    static float points[MANY * 2];
    for (uint32_t i = 0; i < MANY * 2; i++) {
        still[i] = 12345.678f;
    }
    make_points(points, MANY, 1);
    double t[6];
    procrustes(still, points, MANY, t);
    CHECK(t[0] == 1.0 && t[1] == 0.0 && t[2] == 0.0 && t[3] == 1.0);
}

static void points_on_a_line_are_turned_not_mirrored(void) {
    float from[40];
    float to[40];
    for (uint32_t i = 0; i < 20; i++) {
        from[i * 2] = (float)i;
        from[i * 2 + 1] = 0.3f * (float)i;
        to[i * 2] = -0.1f * (float)i;
        to[i * 2 + 1] = 0.7f * (float)i + 1.0f;
    }
    double t[6];
    procrustes(from, to, 20, t);
    CHECK(t[0] == t[3] && t[1] == -t[2]);
    CHECK(cost(t, from, to, 20) < 1e-9);
}

static void a_large_offset_costs_no_digits(void) {
    static float from[N * 2];
    static float to[N * 2];
    make_points(from, N, 1);
    double wanted[6];
    similarity(wanted, 1.0, 0.0, false, 1048576.0, -1048576.0);
    /* Eighths, which floats of this size still hold. */
    for (uint32_t i = 0; i < N * 2; i++) {
        from[i] = (float)(int32_t)(from[i] * 8.0f) / 8.0f;
    }
    move(wanted, from, to, N);
    double t[6];
    procrustes(from, to, N, t);
    check_six(t, wanted, 1e-9);
    procrustes(to, from, N, t);
    CHECK_NEAR(t[0], 1.0, 1e-12);
    CHECK_NEAR(t[4], -1048576.0, 1e-6);
}

static void a_line_is_laid_over_a_line(void) {
    static float from[N];
    static float to[N];
    double       mean[2] = {0};
    for (uint32_t i = 0; i < N; i++) {
        from[i] = rng_normal(1, RNG_SYNTHETIC, i, 0) + 5.0f;
        to[i] = 3.0f - 2.0f * from[i] + rng_normal(2, RNG_SYNTHETIC, i, 0);
        mean[0] += (double)from[i] / N;
        mean[1] += (double)to[i] / N;
    }
    double across = 0.0;
    double square = 0.0;
    for (uint32_t i = 0; i < N; i++) { /* the slope of a regression */
        across += ((double)from[i] - mean[0]) * ((double)to[i] - mean[1]);
        square += ((double)from[i] - mean[0]) * ((double)from[i] - mean[0]);
    }
    const double slope = across / square;
    const double wanted[6] = {slope, 0, 0, 1, mean[1] - slope * mean[0], 0};
    double       t[6];
    procrustes_line(from, to, N, t);
    check_six(t, wanted, 1e-9);
    CHECK(slope < -1.5);
    static const float gap_from[] = {1, NAN, 2, 4};
    static const float gap_to[] = {5, 9, 4, 2};
    procrustes_line(gap_from, gap_to, 4, t);
    check_six(t, (const double[6]){-1, 0, 0, 1, 6, 0}, 1e-12);
    static const float still[] = {7, 7, 7};
    procrustes_line(still, gap_to + 1, 3, t);
    check_six(t, (const double[6]){1, 0, 0, 1, -2, 0}, 1e-12);
    procrustes_line(still, gap_to, 0, t);
    check_six(t, (const double[6]){1, 0, 0, 1, 0, 0}, 0.0);
}

TESTS({"known similarities come back", known_similarities_come_back},
      {"no search finds better", no_search_finds_better},
      {"never worse than leaving it", never_worse_than_leaving_it},
      {"where points end does not depend on where they began",
       where_points_end_does_not_depend_on_where_they_began},
      {"rows that are not finite are left out", rows_that_are_not_finite_are_left_out},
      {"what has no best answer is only shifted", what_has_no_best_answer_is_only_shifted},
      {"points on a line are turned, not mirrored", points_on_a_line_are_turned_not_mirrored},
      {"a large offset costs no digits", a_large_offset_costs_no_digits},
      {"a line is laid over a line", a_line_is_laid_over_a_line})
