/* test_ae_fit.c: training: slicing, continuation, cancelling, held-out rows, weights, run-away rates. */
#include "ae_fixture.h"

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
     * row it does not. */
    uint32_t heldout[ROW_WORDS];
    uint32_t trained = 0;
    ae_heldout(a, q.heldout, N, heldout);
    for (uint32_t i = 0; i < N; i++) {
        trained = rowbits_has(heldout, i) ? trained : i;
        for (uint32_t j = 0; j < D && rowbits_has(heldout, i); j++) {
            data[i * STRIDE + j] = 5.0f;
        }
    }
    ae *b = new_ae(&p, D);
    f = new_fit(b, &x, &q);
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

/* A weight of zero takes a row out of the gradient. */
static void weights_do_what_they_say(void) {
    const matrix  x = table();
    ae_params     p = small();
    ae_fit_params q = short_fit();
    float         weights[N];
    uint32_t      kept[N];
    uint32_t      n = 0;
    q.epochs = 1;
    q.batch = N;
    for (uint32_t i = 0; i < N; i++) {
        weights[i] = i % 3u == 0 ? 0.0f : 1.5f; /* 60 of 90 rows: the mean weight is 1 */
        if (i % 3u != 0) {
            kept[n++] = i;
        }
    }
    ae     *a = new_ae(&p, D);
    ae     *b = new_ae(&p, D);
    ae_fit *f;
    ae_fit *g;
    CHECK_STATUS(ae_fit_new(&f, a, &x, &q, NULL, 0, weights, NULL), STATUS_OK);
    CHECK_STATUS(ae_fit_new(&g, b, &x, &q, kept, n, NULL, NULL), STATUS_OK);
    run(f, 100);
    run(g, 100);
    job_progress pf;
    job_progress pg;
    ae_fit_progress(f, &pf);
    ae_fit_progress(g, &pg);
    CHECK_NEAR(pf.loss[JOB_LOSS_TRAIN], pg.loss[JOB_LOSS_TRAIN], 1e-6);
    CHECK(isnan(pf.loss[JOB_LOSS_SELECTION]) && isnan(pf.loss[JOB_LOSS_REST]));
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

/* The model after so many batches of a fit that is given changes of its learning rate beforehand. */
static ae *after_batches(uint32_t steps, const uint32_t *after, const float *rates, uint32_t n) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    q.steps = steps;
    q.heldout = 0.2f;
    ae     *m = new_ae(&p, D);
    ae_fit *f = new_fit(m, &x, &q);
    for (uint32_t i = 0; i < n; i++) {
        CHECK_STATUS(ae_fit_set_learning_rate(f, after[i], rates[i]), STATUS_OK);
    }
    run(f, 1000);
    ae_fit_free(f);
    return m;
}

static bool same_weights(const ae *a, const ae *b) {
    void      *sa = snapshot(a);
    void      *sb = snapshot(b);
    const bool same = memcmp(sa, sb, ae_snapshot_bytes(a)) == 0;
    mem_free(sa);
    mem_free(sb);
    return same;
}

/* Epochs are five batches long: the changes fall into an epoch, on its last batch, and into the next one. */
static void another_learning_rate_holds_from_its_batch_on(void) {
    const uint32_t after[] = {2, 5, 6};
    const float    rates[] = {0.05f, 0.002f, 0.03f};
    for (uint32_t i = 0; i < 3; i++) {
        ae *plain = after_batches(after[i], after, rates, i);
        ae *changed = after_batches(after[i], after, rates, i + 1);
        CHECK(same_weights(plain, changed));
        ae_free(plain);
        ae_free(changed);
        plain = after_batches(after[i] + 1, after, rates, i);
        changed = after_batches(after[i] + 1, after, rates, i + 1);
        CHECK(!same_weights(plain, changed));
        ae_free(plain);
        ae_free(changed);
    }
}

/* Whoever changes the rate while it trains, in the middle of a batch or between two, can do the same again. */
static void a_rate_changed_on_the_way_can_be_told_and_repeated(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    uint32_t        after[40];
    float           rates[40];
    uint32_t        n = 0;
    q.heldout = 0.2f;
    ae     *m = new_ae(&p, D);
    ae_fit *f = new_fit(m, &x, &q);
    for (uint32_t unit = 0; !ae_fit_done(f); unit++) {
        job_progress now;
        ae_fit_progress(f, &now);
        if (n < 40) {
            rates[n] = 0.001f * (float)(1 + unit % 17);
            after[n] = now.done + 1;
            CHECK_STATUS(ae_fit_set_learning_rate(f, after[n], rates[n]), STATUS_OK);
            n++;
        }
        CHECK_STATUS(ae_fit_step(f, 1), STATUS_OK);
    }
    CHECK(n > 3);
    ae *again = after_batches(0, after, rates, n);
    check_same_model(m, again);
    ae_fit_free(f);
    ae_free(m);
    ae_free(again);
}

static void rates_are_checked(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    ae             *m = new_ae(&p, D);
    ae_fit         *f = new_fit(m, &x, &q);
    CHECK_STATUS(ae_fit_set_learning_rate(f, 0, 0.01f), STATUS_BAD_PARAM);
    CHECK_STATUS(ae_fit_set_learning_rate(f, 1, 0.0f), STATUS_BAD_PARAM);
    for (uint32_t i = 1; i <= AE_FIT_RATES; i++) {
        CHECK_STATUS(ae_fit_set_learning_rate(f, i, 0.01f), STATUS_OK);
    }
    CHECK_STATUS(ae_fit_set_learning_rate(f, AE_FIT_RATES + 1, 0.01f), STATUS_TOO_LARGE);
    /* One for an earlier batch takes the place of all that come later. */
    CHECK_STATUS(ae_fit_set_learning_rate(f, 2, 0.01f), STATUS_OK);
    CHECK_STATUS(ae_fit_set_learning_rate(f, AE_FIT_RATES + 1, 0.01f), STATUS_OK);
    ae_fit_free(f);
    ae_free(m);
}

TESTS({"slicing and dropped batches change no bit", slicing_changes_no_bit},
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
      {"weights do what they say", weights_do_what_they_say},
      {"a plateau ends the fit", a_plateau_ends_the_fit},
      {"runaway rates stop at the last finite weights (row 54)",
       runaway_rates_stop_at_the_last_finite_weights},
      {"another learning rate holds from its batch on",
       another_learning_rate_holds_from_its_batch_on},
      {"a rate changed on the way can be told and repeated",
       a_rate_changed_on_the_way_can_be_told_and_repeated},
      {"rates are checked", rates_are_checked},
      {"the very last step is checked too (row 54)", the_very_last_step_is_checked_too})
