/* test_ae.c: the autoencoder and its fit: gradients, slicing, continuation, faults, failed allocations. */
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "models/ae.h"
#include "models/ae_internal.h"
#include "nn/act.h"
#include "test.h"

#include <stdlib.h>

#define N      90u
#define D      11u
#define STRIDE 12u

static float data[N * STRIDE];

/* Three groups of rows along two directions with some noise, all values in [0, 1]. */
static matrix table(void) {
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < D; j++) {
            const float u = rng_uniform(1, RNG_SYNTHETIC, i, j);
            data[i * STRIDE + j] = 0.25f * u + 0.25f * (float)(i % 3u) * (float)(j % 2u) +
                                   0.25f * (float)(i % 2u) * (float)(j % 3u == 0);
        }
    }
    return (matrix){.data = data, .dtype = MATRIX_F32, .n = N, .d = D, .stride = STRIDE};
}

static ae_params small(void) {
    ae_params p;
    ae_params_default(&p);
    p.n_hidden = 2;
    p.hidden[0] = 13;
    p.hidden[1] = 6;
    p.latent = 2;
    p.activation = ACT_TANH;
    p.seed = 3;
    return p;
}

static ae_fit_params short_fit(void) {
    ae_fit_params q;
    ae_fit_params_default(&q);
    q.epochs = 5;
    q.batch = 16;
    q.learning_rate = 0.01f;
    q.seed = 4;
    return q;
}

static ae *new_ae(const ae_params *p, uint32_t d) {
    ae *m;
    CHECK_STATUS(ae_new(&m, p, d), STATUS_OK);
    return m;
}

static ae_fit *new_fit(ae *m, const matrix *x, const ae_fit_params *q) {
    ae_fit *f;
    CHECK_STATUS(ae_fit_new(&f, m, x, q, NULL, 0, NULL, NULL), STATUS_OK);
    return f;
}

static void run(ae_fit *f, uint32_t units) {
    while (!ae_fit_done(f)) {
        CHECK_STATUS(ae_fit_step(f, units), STATUS_OK);
    }
}

static void *snapshot(const ae *m) {
    void *s = mem_alloc(ae_snapshot_bytes(m));
    ae_snapshot_read(m, s);
    return s;
}

static void check_same_model(const ae *a, const ae *b) {
    void *sa = snapshot(a);
    void *sb = snapshot(b);
    CHECK(ae_snapshot_bytes(a) == ae_snapshot_bytes(b));
    CHECK_BITS(sa, sb, ae_snapshot_bytes(a));
    mem_free(sa);
    mem_free(sb);
}

/* ---------------------------------------------------------------- gradients */

/* The network in double precision by the obvious loops, from the packed weights; gives the batch loss. */
static double loss_in_double(const ae *m, const double *w, const matrix *x, const uint32_t *rows,
                             uint32_t n, const float *weights) {
    const mlp_shape *s = &m->shape;
    double           total = 0;
    for (uint32_t b = 0; b < n; b++) {
        float  input[64];
        double a[64];
        double next[64];
        matrix_row(x, rows[b], input);
        for (uint32_t j = 0; j < s->width[0]; j++) {
            a[j] = (double)input[j];
        }
        for (uint32_t l = 0; l < s->n_layers; l++) {
            for (uint32_t o = 0; o < s->width[l + 1]; o++) {
                double sum = w[s->b_at[l] + o];
                for (uint32_t i = 0; i < s->width[l]; i++) {
                    sum += a[i] * w[s->w_at[l] + ((size_t)(o / 8) * s->width[l] + i) * 8 + o % 8];
                }
                switch (s->activation[l]) {
                    case ACT_RELU: sum = sum > 0 ? sum : 0; break;
                    case ACT_LEAKY_RELU: sum = sum > 0 ? sum : 0.01 * sum; break;
                    case ACT_ELU: sum = sum > 0 ? sum : exp(sum) - 1; break;
                    case ACT_TANH: sum = tanh(sum); break;
                    case ACT_SIGMOID: sum = 1 / (1 + exp(-sum)); break;
                    default: break;
                }
                next[o] = sum;
            }
            memcpy(a, next, sizeof a);
        }
        double loss = 0;
        for (uint32_t j = 0; j < s->width[0]; j++) {
            const double t = (double)input[j];
            if (m->params.loss == AE_LOSS_BCE) {
                loss += (a[j] > 0 ? a[j] : 0) - a[j] * t + log1p(exp(-fabs(a[j])));
            } else {
                loss += (a[j] - t) * (a[j] - t);
            }
        }
        total += loss / s->width[0] * (weights != NULL ? (double)weights[rows[b]] : 1.0);
    }
    return total / n;
}

/* Every parameter against central differences of the double-precision network. */
static void check_gradient(const ae_params *p, uint32_t batch, const float *weights) {
    const matrix  x = table();
    ae           *m = new_ae(p, D);
    ae_fit_params q = short_fit();
    ae_fit       *f;
    uint32_t      rows[N];
    q.batch = batch;
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, NULL, 0, weights, NULL), STATUS_OK);
    for (uint32_t b = 0; b < batch; b++) {
        rows[b] = (b * 7u) % N;
    }
    const size_t n = m->shape.floats;
    float       *gradient = mem_alloc(n * sizeof(float));
    double      *w = mem_alloc(n * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        w[i] = (double)m->w[i];
    }
    const double loss = ae_fit_gradient(f, rows, batch, gradient);
    CHECK_NEAR(loss, loss_in_double(m, w, &x, rows, batch, weights), 1e-6);
    double worst = 0;
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double h = 1e-5;
        const double keep = w[i];
        w[i] = keep + h;
        const double up = loss_in_double(m, w, &x, rows, batch, weights);
        w[i] = keep - h;
        const double down = loss_in_double(m, w, &x, rows, batch, weights);
        w[i] = keep;
        const double numeric = (up - down) / (2 * h);
        worst = fmax(worst, fabs(numeric - (double)gradient[i]));
        largest = fmax(largest, fabs(numeric));
    }
    CHECK(largest > 1e-3);
    CHECK_NEAR(worst / largest, 0, 2e-5);
    mem_free(gradient);
    mem_free(w);
    ae_fit_free(f);
    ae_free(m);
}

static void gradients_agree_with_central_differences(void) {
    float weights[N];
    for (uint32_t i = 0; i < N; i++) {
        weights[i] = (float)(i % 4u) * 0.5f;
    }
    for (uint32_t kind = 0; kind < ACT_COUNT; kind++) {
        for (uint32_t shape = 0; shape < 3; shape++) {
            ae_params p = small();
            p.activation = kind;
            p.n_hidden = shape;
            p.output = shape == 1 ? ACT_SIGMOID : ACT_LINEAR;
            check_gradient(&p, 5, NULL);
            p.output = ACT_SIGMOID;
            p.loss = AE_LOSS_BCE;
            check_gradient(&p, 16, weights);
        }
    }
}

/* ---------------------------------------------------------------- the same bits */

static void slicing_changes_no_bit(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    q.noise = 0.1f;
    q.heldout = 0.2f;
    q.weight_decay = 0.01f;
    ae     *once = new_ae(&p, D);
    ae     *sliced = new_ae(&p, D);
    ae     *abandoned = new_ae(&p, D);
    ae_fit *f = new_fit(once, &x, &q);
    ae_fit *g = new_fit(sliced, &x, &q);
    ae_fit *h = new_fit(abandoned, &x, &q);
    run(f, 1000);
    run(g, 1);
    while (!ae_fit_done(h)) {
        ae_fit_abandon_batch(h);
        CHECK_STATUS(ae_fit_step(h, 1), STATUS_OK);
    }
    check_same_model(once, sliced);
    check_same_model(once, abandoned);
    job_progress a;
    job_progress b;
    ae_fit_progress(f, &a);
    ae_fit_progress(g, &b);
    CHECK_BITS(&a, &b, sizeof a);
    ae_fit_free(f);
    ae_fit_free(g);
    ae_fit_free(h);
    ae_free(once);
    ae_free(sliced);
    ae_free(abandoned);
}

/* A model so wide that one batch takes several units: stepping stops half-way, and says so. */
static void a_large_batch_takes_several_units(void) {
    static float  wide[40 * 2000];
    const matrix  x = {.data = wide, .dtype = MATRIX_F32, .n = 40, .d = 2000, .stride = 2000};
    ae_params     p = small();
    ae_fit_params q = short_fit();
    uint32_t      half_way = 0;
    uint32_t      dropped = 0;
    uint32_t      steps = 0;
    for (size_t i = 0; i < 40 * 2000; i++) {
        wide[i] = rng_uniform(2, RNG_SYNTHETIC, 0, (uint32_t)i);
    }
    p.hidden[0] = 1024;
    p.hidden[1] = 256;
    q.batch = 40;
    q.epochs = 2;
    ae     *whole = new_ae(&p, 2000);
    ae     *m = new_ae(&p, 2000);
    ae_fit *g = new_fit(whole, &x, &q);
    ae_fit *f = new_fit(m, &x, &q);
    run(g, 1000000);
    while (!ae_fit_done(f)) {
        CHECK_STATUS(ae_fit_step(f, 1), STATUS_OK);
        half_way += ae_fit_between_batches(f) ? 0u : 1u;
        if (++steps == 3 && ae_fit_abandon_batch(f)) {
            dropped++;
        }
    }
    CHECK(half_way > 4);
    CHECK(dropped == 1);
    check_same_model(whole, m);
    ae_fit_free(f);
    ae_fit_free(g);
    ae_free(m);
    ae_free(whole);
}

/* A sweep by the frozen weights gives what the model gave when they were frozen, at any later moment. */
static void frozen_weights_show_one_state(void) {
    const matrix  x = table();
    ae_params     p = small();
    ae_fit_params q = short_fit();
    ae           *m = new_ae(&p, D);
    float         before[N * 2];
    float         errors[N];
    float         z[N * 2];
    float         error[N];
    float         now[N * 2];
    CHECK_STATUS(ae_show(m, &x, 0, N, z, NULL), STATUS_OK);
    CHECK_STATUS(ae_encode(m, &x, 0, N, before), STATUS_OK);
    CHECK_BITS(z, before, sizeof z);
    ae_fit *f = new_fit(m, &x, &q);
    CHECK_STATUS(ae_fit_step(f, 1), STATUS_OK);
    CHECK_STATUS(ae_evaluate(m, &x, 0, N, before, NULL, NULL, errors), STATUS_OK);
    ae_freeze(m);
    for (uint32_t row = 0; row < N; row += 9) { /* rows and training in turn */
        CHECK_STATUS(ae_show(m, &x, row, 9, z + (size_t)row * 2, error + row), STATUS_OK);
        CHECK_STATUS(ae_fit_step(f, 1), STATUS_OK);
    }
    CHECK_STATUS(ae_encode(m, &x, 0, N, now), STATUS_OK);
    CHECK_BITS(z, before, sizeof z);
    CHECK_BITS(error, errors, sizeof error);
    CHECK(memcmp(z, now, sizeof z) != 0);
    CHECK_STATUS(ae_show(m, &x, N, 1, z, NULL), STATUS_BAD_SHAPE);
    ae_fit_free(f);
    ae_free(m);
}

/* Wherever it is cancelled, the weights are whole: those after some number of full batches, or those of
 * the start of the epoch. */
static void a_cancelled_fit_leaves_whole_weights(void) {
    static float  wide[40 * 2000];
    const matrix  x = {.data = wide, .dtype = MATRIX_F32, .n = 40, .d = 2000, .stride = 2000};
    ae_params     p = small();
    ae_fit_params q = short_fit();
    for (size_t i = 0; i < 40 * 2000; i++) {
        wide[i] = rng_uniform(2, RNG_SYNTHETIC, 0, (uint32_t)i);
    }
    p.hidden[0] = 512;
    q.batch = 20;
    q.epochs = 1;
    /* Every state between two batches, in order. */
    ae   *m = new_ae(&p, 2000);
    void *whole[3] = {snapshot(m), NULL, NULL};
    q.epochs = 2; /* so that the second batch is not followed by the end of the fit */
    ae_fit *f = new_fit(m, &x, &q);
    while (ae_steps(m) < 2) {
        const uint32_t before = ae_steps(m);
        CHECK_STATUS(ae_fit_step(f, 1), STATUS_OK);
        if (ae_steps(m) > before && ae_fit_between_batches(f)) {
            whole[ae_steps(m)] = snapshot(m);
        }
    }
    ae_fit_free(f);
    uint32_t rolled_back = 0;
    for (uint32_t units = 0; units < 40; units++) {
        ae *cancelled = new_ae(&p, 2000);
        f = new_fit(cancelled, &x, &q);
        CHECK_STATUS(ae_fit_step(f, units), STATUS_OK);
        rolled_back += ae_fit_between_batches(f) ? 0u : 1u;
        ae_fit_cancel(f);
        CHECK(ae_fit_done(f) && ae_fit_between_batches(f));
        const uint32_t steps = ae_steps(cancelled);
        if (steps <= 2 && whole[steps] != NULL && ae_epochs(cancelled) == 0) {
            void *s = snapshot(cancelled);
            CHECK_BITS(s, whole[steps], ae_snapshot_bytes(m));
            mem_free(s);
        }
        ae_fit_free(f);
        ae_free(cancelled);
    }
    CHECK(rolled_back > 2);
    for (int i = 0; i < 3; i++) {
        mem_free(whole[i]);
    }
    ae_free(m);
}

static void restore_then_the_same_steps_gives_the_same_bits(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    ae             *m = new_ae(&p, D);
    ae_fit         *f = new_fit(m, &x, &q);
    run(f, 7);
    ae_fit_free(f);
    void *at_five = snapshot(m);
    CHECK(ae_epochs(m) == 5 && ae_steps(m) == 5 * 6);
    /* A second fit goes on: other rate, other rows, weights. */
    uint32_t rows[30];
    float    weights[N];
    for (uint32_t i = 0; i < 30; i++) {
        rows[i] = i * 3u;
    }
    for (uint32_t i = 0; i < N; i++) {
        weights[i] = 1.0f + (float)(i % 2u);
    }
    q.learning_rate = 0.003f;
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, rows, 30, weights, NULL), STATUS_OK);
    run(f, 7);
    ae_fit_free(f);
    /* Another model, restored, takes the same second fit. */
    ae *other = new_ae(&p, D);
    CHECK_STATUS(ae_snapshot_write(other, at_five, ae_snapshot_bytes(m)), STATUS_OK);
    CHECK_STATUS(ae_fit_new(&f, other, &x, &q, rows, 30, weights, NULL), STATUS_OK);
    run(f, 1);
    ae_fit_free(f);
    check_same_model(m, other);
    mem_free(at_five);
    ae_free(m);
    ae_free(other);
}

static void damaged_snapshots_are_refused(void) {
    const ae_params p = small();
    ae_params       other_shape = small();
    other_shape.hidden[0] = 14;
    ae            *m = new_ae(&p, D);
    ae            *n = new_ae(&other_shape, D);
    const size_t   bytes = ae_snapshot_bytes(m);
    unsigned char *s = snapshot(m);
    void          *before = snapshot(m);
    CHECK_STATUS(ae_snapshot_write(m, s, bytes - 4), STATUS_BAD_DATA);
    CHECK_STATUS(ae_snapshot_write(n, s, bytes), STATUS_BAD_DATA);
    for (size_t at = 0; at < bytes; at += 97) {
        s[at] ^= 0x10;
        if (at < 8 || at >= 72) { /* magic, width, checksum or payload */
            CHECK_STATUS(ae_snapshot_write(m, s, bytes), STATUS_BAD_DATA);
        }
        s[at] ^= 0x10;
    }
    void *after = snapshot(m);
    CHECK_BITS(before, after, bytes);
    CHECK_STATUS(ae_snapshot_write(m, s, bytes), STATUS_OK);
    mem_free(s);
    mem_free(before);
    mem_free(after);
    ae_free(m);
    ae_free(n);
}

/* ---------------------------------------------------------------- what it learns */

static void loss_falls_and_evaluation_agrees_with_itself(void) {
    const matrix  x = table();
    ae_params     p = small();
    ae_fit_params q = short_fit();
    q.epochs = 200;
    ae          *m = new_ae(&p, D);
    ae_fit      *f = new_fit(m, &x, &q);
    float        first = NAN;
    job_progress progress;
    uint32_t     epochs = 0;
    while (!ae_fit_done(f)) {
        const uint32_t before = ae_fit_epoch(f);
        CHECK_STATUS(ae_fit_step(f, 1000000), STATUS_OK);
        epochs++;
        CHECK(ae_fit_epoch(f) == before + 1); /* a call never runs past the end of an epoch */
        ae_fit_progress(f, &progress);
        first = before == 0 ? progress.loss[JOB_LOSS_TRAIN] : first;
    }
    CHECK(epochs == 200 && progress.done == progress.total && progress.total == 200 * 6);
    CHECK(progress.loss[JOB_LOSS_TRAIN] < 0.2f * first);
    CHECK(isnan(progress.loss[JOB_LOSS_HELDOUT]));
    CHECK(ae_fit_rows_trained(f) == 200.0 * N);
    float z[N * 2];
    float z_alone[N * 2];
    float reconstruction[N * D];
    float residual[N * D];
    float error[N];
    float decoded[N * D];
    CHECK_STATUS(ae_evaluate(m, &x, 0, N, z, reconstruction, residual, error), STATUS_OK);
    CHECK_STATUS(ae_encode(m, &x, 40, 50, z_alone), STATUS_OK);
    CHECK_BITS(z + 80, z_alone, 100 * sizeof(float));
    CHECK_STATUS(ae_decode(m, z, N, decoded), STATUS_OK);
    CHECK_BITS(reconstruction, decoded, sizeof decoded);
    double mean = 0;
    for (uint32_t i = 0; i < N; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < D; j++) {
            CHECK(residual[i * D + j] == reconstruction[i * D + j] - data[i * STRIDE + j]);
            sum += pow((double)residual[i * D + j], 2);
        }
        CHECK_NEAR(error[i], sum / D, 1e-6);
        mean += (double)error[i] / N;
    }
    CHECK_NEAR(mean, progress.loss[JOB_LOSS_TRAIN], 0.2 * mean);
    CHECK_STATUS(ae_evaluate(m, &x, N, 1, z, NULL, NULL, NULL), STATUS_BAD_SHAPE);
    CHECK_STATUS(ae_evaluate(m, &x, 0, N + 1, z, NULL, NULL, NULL), STATUS_BAD_SHAPE);
    ae_fit_free(f);
    ae_free(m);
}

/* Bytes with a scale give the same bits as the floats they stand for. */
static void bytes_train_like_the_floats_they_stand_for(void) {
    static uint8_t bytes[N * D];
    static float   floats[N * STRIDE];
    float          scale[D];
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < D; j++) {
            bytes[i * D + j] = (uint8_t)(rng_u32(1, RNG_SYNTHETIC, i, j) & 255u);
            floats[i * STRIDE + j] = (float)bytes[i * D + j] * (1.0f / 255.0f);
        }
    }
    for (uint32_t j = 0; j < D; j++) {
        scale[j] = 1.0f / 255.0f;
    }
    const matrix        u8 = {bytes, MATRIX_U8, N, D, D, scale, NULL};
    const matrix        f32 = {floats, MATRIX_F32, N, D, STRIDE, NULL, NULL};
    const ae_params     p = small();
    const ae_fit_params q = short_fit();
    ae                 *a = new_ae(&p, D);
    ae                 *b = new_ae(&p, D);
    ae_fit             *f = new_fit(a, &u8, &q);
    ae_fit             *g = new_fit(b, &f32, &q);
    run(f, 3);
    run(g, 5);
    check_same_model(a, b);
    ae_fit_free(f);
    ae_fit_free(g);
    ae_free(a);
    ae_free(b);
}

static void heldout_rows_are_never_trained_on(void) {
    const matrix  x = table();
    ae_params     p = small();
    ae_fit_params q = short_fit();
    q.heldout = 0.3f;
    ae     *a = new_ae(&p, D);
    ae_fit *f = new_fit(a, &x, &q);
    CHECK(ae_fit_heldout_rows(f) == 27 && ae_fit_rows(f) == N - 27);
    run(f, 9);
    job_progress progress;
    ae_fit_progress(f, &progress);
    CHECK(isfinite(progress.loss[JOB_LOSS_HELDOUT]));
    ae_fit_free(f);
    /* With other values in the held-out rows the model comes out the same; with others in one trained
     * row it does not. The held-out rows are those that group 2 marks just as well. */
    const rng_permutation order = rng_permutation_of(p.seed, RNG_HELDOUT, 0, N);
    uint8_t               group[N];
    uint32_t              trained = 0;
    for (uint32_t i = 0; i < N; i++) {
        group[i] = rng_permute(&order, i) < 27 ? 2 : 0;
        trained = group[i] == 0 ? i : trained;
    }
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < D && group[i] == 2; j++) {
            data[i * STRIDE + j] = 5.0f;
        }
    }
    ae *b = new_ae(&p, D);
    CHECK_STATUS(ae_fit_new(&f, b, &x, &q, NULL, 0, NULL, group), STATUS_OK);
    CHECK(ae_fit_heldout_rows(f) == 27);
    run(f, 9);
    ae_fit_free(f);
    check_same_model(a, b);
    data[trained * STRIDE] += 1.0f;
    ae *c = new_ae(&p, D);
    f = new_fit(c, &x, &q);
    run(f, 9);
    ae_fit_free(f);
    float za[2];
    float zc[2];
    ae_encode(a, &x, 0, 1, za);
    ae_encode(c, &x, 0, 1, zc);
    CHECK(za[0] != zc[0]);
    ae_free(a);
    ae_free(b);
    ae_free(c);
}

/* The same rows stay held out when only a subset is visited. */
static void heldout_rows_stay_held_out_in_a_later_fit(void) {
    const matrix  x = table();
    ae_params     p = small();
    ae_fit_params q = short_fit();
    q.heldout = 0.5f;
    uint32_t rows[N];
    for (uint32_t i = 0; i < N; i++) {
        rows[i] = i;
    }
    ae     *m = new_ae(&p, D);
    ae_fit *f;
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, rows, 60, NULL, NULL), STATUS_OK);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < 60; i++) {
        const rng_permutation order = rng_permutation_of(p.seed, RNG_HELDOUT, 0, N);
        expected += rng_permute(&order, i) < 45 ? 0u : 1u;
    }
    CHECK(ae_fit_rows(f) == expected && ae_fit_heldout_rows(f) == 45);
    ae_fit_free(f);
    ae_free(m);
}

/* Group losses are means over their own rows; a weight of zero takes a row out of the gradient. */
static void weights_and_groups_do_what_they_say(void) {
    const matrix  x = table();
    ae_params     p = small();
    ae_fit_params q = short_fit();
    float         weights[N];
    uint8_t       group[N];
    uint32_t      kept[N];
    uint32_t      n = 0;
    q.epochs = 1;
    q.batch = N;
    for (uint32_t i = 0; i < N; i++) {
        weights[i] = i % 3u == 0 ? 0.0f : 1.5f; /* 60 of 90 rows: the mean weight is 1 */
        group[i] = i % 3u == 0 ? 0 : 1;
        if (i % 3u != 0) {
            kept[n++] = i;
        }
    }
    ae     *a = new_ae(&p, D);
    ae     *b = new_ae(&p, D);
    ae_fit *f;
    ae_fit *g;
    CHECK_STATUS(ae_fit_new(&f, a, &x, &q, NULL, 0, weights, group), STATUS_OK);
    CHECK_STATUS(ae_fit_new(&g, b, &x, &q, kept, n, NULL, NULL), STATUS_OK);
    run(f, 100);
    run(g, 100);
    job_progress pf;
    job_progress pg;
    ae_fit_progress(f, &pf);
    ae_fit_progress(g, &pg);
    CHECK_NEAR(pf.loss[JOB_LOSS_SELECTION], pg.loss[JOB_LOSS_TRAIN], 1e-6);
    CHECK_NEAR(pf.loss[JOB_LOSS_TRAIN], pg.loss[JOB_LOSS_TRAIN], 1e-6);
    CHECK(isfinite(pf.loss[JOB_LOSS_REST]));
    for (size_t i = 0; i < a->shape.floats; i++) {
        CHECK_NEAR(a->w[i], b->w[i], 1e-4);
    }
    ae_fit_free(f);
    ae_fit_free(g);
    ae_free(a);
    ae_free(b);
}

static void a_plateau_ends_the_fit(void) {
    const matrix  x = table();
    ae_params     p = small();
    ae_fit_params q = short_fit();
    q.epochs = 5000;
    q.heldout = 0.2f;
    q.patience = 10;
    ae     *m = new_ae(&p, D);
    ae_fit *f = new_fit(m, &x, &q);
    run(f, 1000);
    CHECK(ae_fit_ended_by(f) == AE_FIT_PLATEAU);
    CHECK(ae_fit_epoch(f) > 10 && ae_fit_epoch(f) < 5000);
    ae_fit_free(f);
    ae_free(m);
}

static void runaway_rates_stop_at_the_last_finite_weights(void) {
    const matrix   x = table();
    ae_params      p = small();
    const float    rates[] = {1e6f, 1e9f};
    const uint32_t batches[] = {16, N}; /* several batches an epoch, and one */
    for (int i = 0; i < 4; i++) {
        ae_fit_params q = short_fit();
        p.activation = i % 2 == 0 ? ACT_RELU : ACT_TANH;
        ae     *m = new_ae(&p, D);
        ae_fit *f = new_fit(m, &x, &q);
        run(f, 5);
        ae_fit_free(f);
        void *before = snapshot(m);
        q.learning_rate = rates[i % 2];
        q.batch = batches[i / 2];
        q.epochs = 100;
        f = new_fit(m, &x, &q);
        status s = STATUS_OK;
        while (!ae_fit_done(f) && s == STATUS_OK) {
            s = ae_fit_step(f, 3);
        }
        CHECK(s == STATUS_NOT_FINITE);
        CHECK(ae_fit_ended_by(f) == AE_FIT_DIVERGED);
        CHECK_STATUS(ae_fit_step(f, 3), STATUS_OK); /* done: does nothing */
        /* It went wrong within the first epoch: the model is what it was. */
        void *after = snapshot(m);
        CHECK_BITS(before, after, ae_snapshot_bytes(m));
        /* And can go on at a sane rate. */
        ae_fit_free(f);
        q.learning_rate = 0.001f;
        q.epochs = 2;
        f = new_fit(m, &x, &q);
        run(f, 3);
        CHECK(ae_fit_ended_by(f) == AE_FIT_EPOCHS);
        ae_fit_free(f);
        mem_free(before);
        mem_free(after);
        ae_free(m);
    }
}

/* One step at a huge rate: no later batch sees the weights, but the fit must not end on them. */
static void the_very_last_step_is_checked_too(void) {
    const matrix  x = table();
    ae_params     p = small();
    ae_fit_params q = short_fit();
    p.activation = ACT_RELU;
    q.epochs = 1;
    q.batch = N;
    q.learning_rate = 1e6f;
    ae     *m = new_ae(&p, D);
    void   *before = snapshot(m);
    ae_fit *f = new_fit(m, &x, &q);
    CHECK_STATUS(ae_fit_step(f, 1000), STATUS_NOT_FINITE);
    void *after = snapshot(m);
    CHECK_BITS(before, after, ae_snapshot_bytes(m));
    mem_free(before);
    mem_free(after);
    ae_fit_free(f);
    ae_free(m);
}

/* ---------------------------------------------------------------- limits and faults */

static void parameters_are_checked_by_field(void) {
    uint32_t  field = 99;
    ae_params p = small();
    CHECK_STATUS(ae_params_check(&p, D, &field), STATUS_OK);
    CHECK_STATUS(ae_params_check(&p, 0, &field), STATUS_BAD_SHAPE);
    p.latent = 0;
    CHECK_STATUS(ae_params_check(&p, D, &field), STATUS_BAD_PARAM);
    CHECK(field == 9);
    p = small();
    p.latent = 65;
    CHECK_STATUS(ae_params_check(&p, D, &field), STATUS_BAD_PARAM);
    p = small();
    p.hidden[1] = 4097;
    CHECK_STATUS(ae_params_check(&p, D, &field), STATUS_BAD_PARAM);
    CHECK(field == 2);
    p.hidden[1] = 0;
    CHECK_STATUS(ae_params_check(&p, D, &field), STATUS_BAD_PARAM);
    p = small();
    p.n_hidden = 9;
    CHECK_STATUS(ae_params_check(&p, D, &field), STATUS_BAD_PARAM);
    CHECK(field == 0);
    p = small();
    p.loss = AE_LOSS_BCE;
    CHECK_STATUS(ae_params_check(&p, D, &field), STATUS_BAD_PARAM);
    CHECK(field == 12);
    ae_fit_params q = short_fit();
    CHECK_STATUS(ae_fit_params_check(&q, &field), STATUS_OK);
    q.learning_rate = NAN;
    CHECK_STATUS(ae_fit_params_check(&q, &field), STATUS_BAD_PARAM);
    CHECK(field == 2);
    q = short_fit();
    q.batch = 0;
    CHECK_STATUS(ae_fit_params_check(&q, &field), STATUS_BAD_PARAM);
    CHECK(field == 1);
}

/* The limit of 30 million, at it and one past; refused without claiming a byte. */
static void too_large_models_are_refused(void) {
    uint32_t  field;
    ae_params p = small();
    p.n_hidden = 8;
    for (uint32_t i = 0; i < 8; i++) {
        p.hidden[i] = 4096;
    }
    CHECK(ae_parameters(&p, 784) > AE_MAX_PARAMETERS);
    CHECK_STATUS(ae_params_check(&p, 784, &field), STATUS_TOO_LARGE);
    mem_reset_peak();
    const size_t before = mem_peak();
    ae          *m;
    CHECK_STATUS(ae_new(&m, &p, 784), STATUS_TOO_LARGE);
    CHECK(m == NULL && mem_peak() == before);
    p.n_hidden = 1;
    CHECK_STATUS(ae_params_check(&p, UINT32_MAX, &field), STATUS_TOO_LARGE);
    /* d + h weights twice: 2 * d * 1000 + biases */
    p.hidden[0] = 1000;
    p.latent = 1;
    uint32_t d = 1;
    while (ae_parameters(&p, d + 1) <= AE_MAX_PARAMETERS) {
        d++;
    }
    CHECK_STATUS(ae_params_check(&p, d, &field), STATUS_OK);
    CHECK_STATUS(ae_params_check(&p, d + 1, &field), STATUS_TOO_LARGE);
    CHECK(d == (AE_MAX_PARAMETERS - 1000u - 1001u - 2000u) / 2001u);
}

/* What ae_bytes() and ae_fit_bytes() say is what is claimed. */
static void the_estimate_is_the_truth(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    q.noise = 0.1f;
    const size_t before = mem_in_use();
    ae          *m = new_ae(&p, D);
    CHECK(mem_in_use() - before == ae_bytes(&p, D));
    const size_t with_model = mem_in_use();
    ae_fit      *f = new_fit(m, &x, &q);
    CHECK(mem_in_use() - with_model == ae_fit_bytes(&p, D, &q, N));
    mem_reset_peak();
    run(f, 3);
    CHECK(mem_peak() == mem_in_use()); /* a step never allocates */
    ae_fit_free(f);
    ae_free(m);
    CHECK(mem_in_use() == before);
}

/* Each allocation of each entry fails in turn, once and for good: a clean status, nothing leaked, and
 * the same call works right after. */
static void every_allocation_may_fail(void) {
    const matrix        x = table();
    const ae_params     p = small();
    const ae_fit_params q = short_fit();
    const size_t        before = mem_in_use();
    for (int persistent = 0; persistent < 2; persistent++) {
        bool     failed = true;
        uint32_t nth = 1;
        for (; failed; nth++) {
            ae *m = NULL;
            mem_fail_nth(nth, persistent == 1);
            const status s = ae_new(&m, &p, D);
            mem_fail_nth(0, false);
            failed = s != STATUS_OK;
            CHECK(failed ? s == STATUS_NO_MEMORY && m == NULL : m != NULL);
            ae_free(m);
            CHECK(mem_in_use() == before);
        }
        CHECK(nth > 3);
        ae          *m = new_ae(&p, D);
        const size_t with_model = mem_in_use();
        failed = true;
        for (nth = 1; failed; nth++) {
            ae_fit *f = NULL;
            mem_fail_nth(nth, persistent == 1);
            const status s = ae_fit_new(&f, m, &x, &q, NULL, 0, NULL, NULL);
            mem_fail_nth(0, false);
            failed = s != STATUS_OK;
            CHECK(failed ? s == STATUS_NO_MEMORY && f == NULL : f != NULL);
            ae_fit_free(f);
            CHECK(mem_in_use() == with_model);
        }
        CHECK(nth > 3);
        ae_fit *f = new_fit(m, &x, &q);
        mem_fail_nth(1, true); /* steps, reading and snapshots never allocate */
        run(f, 3);
        float z[2];
        float back[D];
        CHECK_STATUS(ae_encode(m, &x, 0, 1, z), STATUS_OK);
        CHECK_STATUS(ae_decode(m, z, 1, back), STATUS_OK);
        mem_fail_nth(0, false);
        ae_fit_free(f);
        ae_free(m);
        CHECK(mem_in_use() == before);
    }
}

static void odd_shapes_run(void) {
    const uint32_t ds[] = {1, 2, 3, 4, 5, 8, 9, 17};
    for (size_t s = 0; s < sizeof ds / sizeof ds[0]; s++) {
        for (uint32_t n = 1; n <= 9; n += 2) {
            const matrix  x = {.data = data, .dtype = MATRIX_F32, .n = n, .d = ds[s], .stride = 20};
            ae_params     p = small();
            ae_fit_params q = short_fit();
            p.n_hidden = n % 3u;
            p.latent = 1 + n % 4u;
            p.hidden[0] = 1;
            q.batch = n == 1 ? 4096 : n - 1;
            q.heldout = n > 4 ? 0.5f : 0.0f;
            table();
            ae     *m = new_ae(&p, ds[s]);
            ae_fit *f = new_fit(m, &x, &q);
            run(f, 1);
            float z[64];
            CHECK_STATUS(ae_encode(m, &x, 0, n, z), STATUS_OK);
            for (uint32_t i = 0; i < n * p.latent; i++) {
                CHECK(isfinite(z[i]));
            }
            ae_fit_free(f);
            ae_free(m);
        }
    }
}

static void bad_inputs_are_refused(void) {
    const matrix        x = table();
    matrix              narrow = x;
    const ae_params     p = small();
    const ae_fit_params q = short_fit();
    ae                 *m = new_ae(&p, D);
    ae_fit             *f;
    uint32_t            rows[] = {0, N};
    float               weights[N] = {0};
    uint8_t             group[N];
    narrow.d = D - 1;
    memset(group, 2, sizeof group);
    CHECK_STATUS(ae_fit_new(&f, m, &narrow, &q, NULL, 0, NULL, NULL), STATUS_BAD_SHAPE);
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, rows, 2, NULL, NULL), STATUS_BAD_SHAPE);
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, rows, 0, NULL, NULL), STATUS_BAD_SHAPE);
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, NULL, 0, NULL, group), STATUS_BAD_SHAPE);
    weights[3] = NAN;
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, NULL, 0, weights, NULL), STATUS_BAD_PARAM);
    weights[3] = -1.0f;
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, NULL, 0, weights, NULL), STATUS_BAD_PARAM);
    CHECK(f == NULL);
    ae_free(m);
    ae_free(NULL);
    ae_fit_free(NULL);
}

TESTS({"gradients agree with central differences", gradients_agree_with_central_differences},
      {"slicing and dropped batches change no bit", slicing_changes_no_bit},
      {"a large batch takes several units", a_large_batch_takes_several_units},
      {"frozen weights show one state of the model", frozen_weights_show_one_state},
      {"a cancelled fit leaves whole weights", a_cancelled_fit_leaves_whole_weights},
      {"restore, then the same steps, gives the same bits",
       restore_then_the_same_steps_gives_the_same_bits},
      {"damaged snapshots are refused and change nothing", damaged_snapshots_are_refused},
      {"loss falls and evaluation agrees with itself",
       loss_falls_and_evaluation_agrees_with_itself},
      {"bytes train like the floats they stand for", bytes_train_like_the_floats_they_stand_for},
      {"held-out rows are never trained on", heldout_rows_are_never_trained_on},
      {"held-out rows stay held out in a later fit", heldout_rows_stay_held_out_in_a_later_fit},
      {"weights and groups do what they say", weights_and_groups_do_what_they_say},
      {"a plateau ends the fit", a_plateau_ends_the_fit},
      {"runaway rates stop at the last finite weights (row 54)",
       runaway_rates_stop_at_the_last_finite_weights},
      {"the very last step is checked too (row 54)", the_very_last_step_is_checked_too},
      {"parameters are checked by field (row 55)", parameters_are_checked_by_field},
      {"too large models are refused", too_large_models_are_refused},
      {"the estimate is the truth, and steps never allocate", the_estimate_is_the_truth},
      {"every allocation may fail (row 60)", every_allocation_may_fail},
      {"odd shapes run", odd_shapes_run}, {"bad inputs are refused", bad_inputs_are_refused})
