/* test_retrain.c: training on a selection: shares, orders, held-out rows, losses of both kinds, steps. */
#include "ae_fixture.h"
#include "models/ae_fit_internal.h"

/* Rows 0, 3, 6, ... are selected: 30 of 90. */
static void select_thirds(uint32_t *bits) {
    memset(bits, 0, ROW_WORDS * sizeof *bits);
    for (uint32_t i = 0; i < N; i += 3) {
        rowbits_add(bits, i);
    }
}

static ae_fit *selection_fit(ae *m, const matrix *x, const ae_fit_params *q, const uint32_t *bits) {
    ae_fit *f = NULL;
    CHECK_STATUS(ae_fit_new(&f, m, x, q, NULL, 0, NULL, bits), STATUS_OK);
    return f;
}

static double loss_of(const ae_fit *f, uint32_t kind) {
    job_progress p;
    ae_fit_progress(f, &p);
    return (double)p.loss[kind];
}

/* ---------------------------------------------------------------- what a batch is made of */

/* Looks at every batch of the epoch that begins, counts how often each row is visited, and runs it. Gives a
 * hash of the order of the rows of each kind. */
static void watch_epoch(ae_fit *f, uint32_t *visits, uint32_t k, double focus, uint32_t *orders) {
    const uint32_t epoch = ae_fit_epoch(f);
    const uint32_t batch = f->params.batch;
    memset(visits, 0, N * sizeof *visits);
    orders[0] = orders[1] = 0;
    for (f->first = 0; f->first < f->epoch_rows; f->first += batch) {
        uint32_t selected = 0;
        double   share = 0.0;
        double   weight = 0.0;
        for (uint32_t b = 0; b < batch; b++) {
            const uint32_t row = f->visit[ae_fit_visit(f, b)];
            const bool     in = row % 3u == 0;
            const double   w = (double)f->kind_weight[b < k ? 0 : 1];
            CHECK(in == (b < k));
            visits[row]++;
            selected += in ? 1u : 0u;
            share += in ? w : 0.0;
            weight += w;
            orders[in ? 0 : 1] = orders[in ? 0 : 1] * 31u + row;
        }
        CHECK(selected == k);
        CHECK_NEAR(share / weight, focus, 1e-6);
        CHECK_NEAR(weight, batch, 1e-4);
    }
    f->first = 0;
    while (!ae_fit_done(f) && ae_fit_epoch(f) == epoch) {
        CHECK_STATUS(ae_fit_step(f, 1), STATUS_OK);
    }
}

/* No row of a kind is ever two visits ahead of another. */
static void check_even(const uint32_t *visits, bool selected) {
    uint32_t lo = UINT32_MAX;
    uint32_t hi = 0;
    for (uint32_t row = 0; row < N; row++) {
        if ((row % 3u == 0) == selected) {
            lo = visits[row] < lo ? visits[row] : lo;
            hi = visits[row] > hi ? visits[row] : hi;
        }
    }
    CHECK(hi - lo <= 1);
}

static void the_share_holds_in_every_batch(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    uint32_t        bits[ROW_WORDS];
    uint32_t        visits[N];
    select_thirds(bits);
    const float shares[] = {1.0f / 3.0f, 0.5f, 0.73f, 0.99f, 0.01f};
    for (uint32_t i = 0; i < 5; i++) {
        q.focus = shares[i];
        ae      *m = new_ae(&p, D);
        ae_fit  *f = selection_fit(m, &x, &q, bits);
        uint32_t k = (uint32_t)(shares[i] * 16.0f + 0.5f);
        k = k == 0 ? 1 : k == 16 ? 15 : k;
        const uint32_t batches = ae_fit_batches(shares[i], 16, 30, 60);
        CHECK(f->in_batch == k && ae_fit_rows(f) == batches * 16);
        uint32_t before[2] = {0};
        for (uint32_t epoch = 0; epoch < 3; epoch++) {
            uint32_t orders[2];
            watch_epoch(f, visits, k, (double)shares[i], orders);
            check_even(visits, true);
            check_even(visits, false);
            CHECK(orders[0] != before[0] && orders[1] != before[1]);
            memcpy(before, orders, sizeof before);
        }
        CHECK(ae_steps(m) == 3 * batches);
        ae_fit_free(f);
        ae_free(m);
    }
}

static void an_epoch_is_one_pass_over_the_selection(void) {
    /* The formula of the design, and numbers that a float of the focus would spoil. */
    CHECK(ae_fit_batches(1.0f, 128, 974, 9026) == 8);
    CHECK(ae_fit_batches(0.5f, 128, 974, 9026) == 16);
    CHECK(ae_fit_batches(0.8f, 128, 1000, 9000) == 10);
    CHECK(ae_fit_batches(0.7f, 128, 896, 9000) == 10);
    CHECK(ae_fit_batches(0.7f, 128, 897, 9000) == 11);
    CHECK(ae_fit_batches(0.1f, 100, 1000, 9000) == 100);
    CHECK(ae_fit_batches(0.0f, 128, 974, 1281) == 11);
    CHECK(ae_fit_batches(1.0f, 128, 1, 9999) == 1);
    CHECK(ae_fit_batches(0.2f, 128, 500, 0) == 4); /* everything is selected */
    for (uint32_t percent = 1; percent <= 100; percent++) {
        for (uint32_t s = 1; s < 3000; s += 7) {
            const uint32_t exact = (s * 100u + percent * 128u - 1u) / (percent * 128u);
            CHECK(ae_fit_batches((float)percent / 100.0f, 128, s, 5000) == exact);
        }
    }
}

/* ---------------------------------------------------------------- what it learns from */

/* The gradient of a batch with weights is that of the weighted sum of the two kinds' own gradients: checked by
 * training one step on a batch of everything and comparing with the same step by explicit row weights. */
static void weights_of_the_kinds_are_loss_weights(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    uint32_t        bits[ROW_WORDS];
    select_thirds(bits);
    q.batch = N;
    q.epochs = 1;
    q.steps = 1;
    q.focus =
        0.77f; /* of 90 rows 69 visits of 30 selected ones, which weigh 69.3 / 69 each, 21 of 60 others */
    ae     *a = new_ae(&p, D);
    ae_fit *f = selection_fit(a, &x, &q, bits);
    CHECK(f->in_batch == 69 && f->params.batch == N);
    float        visits[N] = {0};
    const double share[2] = {0.77 * 90.0 / 69.0, 0.23 * 90.0 / 21.0};
    for (uint32_t b = 0; b < N; b++) {
        visits[f->visit[ae_fit_visit(f, b)]] += (float)share[b < 69 ? 0 : 1];
    }
    run(f, 1);
    ae_fit_free(f);
    ae           *b = new_ae(&p, D);
    ae_fit_params plain = q;
    CHECK_STATUS(ae_fit_new(&f, b, &x, &plain, NULL, 0, visits, NULL), STATUS_OK);
    run(f, 1);
    ae_fit_free(f);
    CHECK(ae_steps(a) == 1 && ae_steps(b) == 1);
    for (size_t i = 0; i < a->shape.floats; i++) {
        /* The first moment is a tenth of the gradient; Adam's step would hide its size. */
        CHECK_NEAR(a->m[i], b->m[i], 2e-7);
    }
    ae_free(a);
    ae_free(b);
}

static void focus_one_never_sees_the_rest(void) {
    uint32_t bits[ROW_WORDS];
    select_thirds(bits);
    for (uint32_t focus = 0; focus <= 1; focus++) {
        const matrix    x = table();
        const ae_params p = small();
        ae_fit_params   q = short_fit();
        q.focus = (float)focus;
        q.heldout = 0.2f;
        ae     *a = new_ae(&p, D);
        ae_fit *f = selection_fit(a, &x, &q, bits);
        run(f, 3);
        ae_fit_free(f);
        /* Other values in rows that are not to be visited, or are held out, change nothing. */
        uint32_t heldout[ROW_WORDS];
        ae_heldout(a, q.heldout, N, heldout);
        for (uint32_t i = 0; i < N; i++) {
            if (rowbits_has(bits, i) != (focus == 1) || rowbits_has(heldout, i)) {
                for (uint32_t j = 0; j < D; j++) {
                    data[i * STRIDE + j] = 3.0f;
                }
            }
        }
        ae *b = new_ae(&p, D);
        f = selection_fit(b, &x, &q, bits);
        run(f, 3);
        ae_fit_free(f);
        check_same_model(a, b);
        ae_free(a);
        ae_free(b);
    }
}

/* Losses of the three kinds are those that the model has afterwards on just these rows. */
static void losses_are_those_of_their_rows(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    uint32_t        bits[ROW_WORDS];
    uint32_t        heldout[ROW_WORDS];
    float           error[N];
    select_thirds(bits);
    q.heldout = 0.2f;
    q.focus = 0.6f;
    ae     *m = new_ae(&p, D);
    ae_fit *f = selection_fit(m, &x, &q, bits);
    run(f, 1);
    ae_heldout(m, q.heldout, N, heldout);
    ae_evaluate(m, &x, 0, N, NULL, NULL, NULL, error);
    double   sum[3] = {0};
    uint32_t rows[3] = {0};
    for (uint32_t i = 0; i < N; i++) {
        const uint32_t kind = rowbits_has(heldout, i) ? 0 : rowbits_has(bits, i) ? 1 : 2;
        sum[kind] += (double)error[i];
        rows[kind]++;
    }
    CHECK(rows[0] == 18 && ae_fit_heldout_rows(f) == 18);
    CHECK_NEAR(loss_of(f, JOB_LOSS_HELDOUT), sum[0] / rows[0], 1e-6);
    CHECK_NEAR(loss_of(f, JOB_LOSS_SELECTION), sum[1] / rows[1], 1e-6);
    CHECK_NEAR(loss_of(f, JOB_LOSS_REST), sum[2] / rows[2], 1e-6);
    ae_fit_free(f);
    ae_free(m);
}

/* What it is for: the selection gets better than by training on everything alike, the rest gets worse. */
static void focus_helps_the_selection_and_hurts_the_rest(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    uint32_t        bits[ROW_WORDS];
    double          selection[3];
    double          rest[3];
    select_thirds(bits);
    const float shares[] = {1.0f / 3.0f, 0.7f, 1.0f};
    for (uint32_t i = 0; i < 3; i++) {
        ae *m = new_ae(&p, D);
        q.epochs = 60;
        ae_fit *f = new_fit(m, &x, &q);
        run(f, 1000);
        ae_fit_free(f);
        q.epochs = 40;
        q.steps = 80;
        q.focus = shares[i];
        f = selection_fit(m, &x, &q, bits);
        run(f, 1000);
        CHECK(ae_steps(m) == 60 * 6 + 80);
        q.steps = 0;
        selection[i] = loss_of(f, JOB_LOSS_SELECTION);
        rest[i] = loss_of(f, JOB_LOSS_REST);
        ae_fit_free(f);
        ae_free(m);
    }
    CHECK(selection[2] < selection[1] && selection[1] < selection[0]);
    CHECK(rest[2] > rest[1] && rest[1] > rest[0]);
}

/* ---------------------------------------------------------------- doing it again */

static void slicing_and_dropped_batches_change_no_bit(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    uint32_t        bits[ROW_WORDS];
    select_thirds(bits);
    q.noise = 0.1f;
    q.heldout = 0.1f;
    q.focus = 0.62f;
    ae     *a = new_ae(&p, D);
    ae     *b = new_ae(&p, D);
    ae_fit *f = selection_fit(a, &x, &q, bits);
    ae_fit *g = selection_fit(b, &x, &q, bits);
    run(f, 1000);
    while (!ae_fit_done(g)) {
        ae_fit_abandon_batch(g);
        CHECK_STATUS(ae_fit_step(g, 1), STATUS_OK);
    }
    check_same_model(a, b);
    job_progress pa;
    job_progress pb;
    ae_fit_progress(f, &pa);
    ae_fit_progress(g, &pb);
    CHECK_BITS(&pa, &pb, sizeof pa);
    ae_fit_free(f);
    ae_fit_free(g);
    ae_free(a);
    ae_free(b);
}

/* A fit that was left after any number of batches is done again by a fit of so many steps, whether it was left
 * within an epoch, at its end, or while its end was being evaluated. */
static void steps_do_a_stopped_fit_again(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    uint32_t        bits[ROW_WORDS];
    select_thirds(bits);
    q.heldout = 0.1f;
    q.focus = 0.5f;
    for (uint32_t selected = 0; selected <= 1; selected++) {
        const uint32_t *selection = selected == 1 ? bits : NULL;
        for (uint32_t stop = 1; stop <= 14; stop++) {
            ae     *a = new_ae(&p, D);
            ae_fit *f = NULL;
            CHECK_STATUS(ae_fit_new(&f, a, &x, &q, NULL, 0, NULL, selection), STATUS_OK);
            while (ae_steps(a) < stop) {
                ae_fit_step(f, 1);
            }
            while (!ae_fit_between_batches(f)) {
                ae_fit_step(f, 1);
            }
            ae_fit_abandon_batch(f);
            ae_fit_free(f);
            ae           *b = new_ae(&p, D);
            ae_fit_params again = q;
            again.steps = ae_steps(a);
            CHECK_STATUS(ae_fit_new(&f, b, &x, &again, NULL, 0, NULL, selection), STATUS_OK);
            run(f, 1);
            CHECK(ae_fit_ended_by(f) == AE_FIT_EPOCHS);
            job_progress progress;
            ae_fit_progress(f, &progress);
            CHECK(progress.done == progress.total && progress.total == again.steps);
            check_same_model(a, b);
            ae_fit_free(f);
            ae_free(a);
            ae_free(b);
        }
    }
}

static void reset_gives_the_model_as_created(void) {
    const matrix        x = table();
    const ae_params     p = small();
    const ae_fit_params q = short_fit();
    ae                 *a = new_ae(&p, D);
    ae                 *b = new_ae(&p, D);
    ae_fit             *f = new_fit(a, &x, &q);
    run(f, 100);
    ae_fit_free(f);
    ae_reset(a);
    CHECK(ae_steps(a) == 0 && ae_epochs(a) == 0);
    check_same_model(a, b);
    float za[2];
    float zb[2];
    CHECK_STATUS(ae_show(a, &x, 5, 1, za, NULL), STATUS_OK);
    CHECK_STATUS(ae_show(b, &x, 5, 1, zb, NULL), STATUS_OK);
    CHECK_BITS(za, zb, sizeof za);
    ae_free(a);
    ae_free(b);
}

/* ---------------------------------------------------------------- what is refused */

static void nothing_to_train_on_is_refused(void) {
    const matrix    x = table();
    const ae_params p = small();
    ae_fit_params   q = short_fit();
    uint32_t        none[ROW_WORDS] = {0};
    uint32_t        all[ROW_WORDS];
    uint32_t        heldout[ROW_WORDS];
    ae             *m = new_ae(&p, D);
    ae_fit         *f;
    memset(all, 0, sizeof all);
    for (uint32_t i = 0; i < N; i++) {
        rowbits_add(all, i);
    }
    q.focus = 0.5f;
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, NULL, 0, NULL, none), STATUS_BAD_SHAPE);
    q.focus = 0.0f;
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, NULL, 0, NULL, all), STATUS_BAD_SHAPE);
    /* Only held-out rows are selected. */
    q.heldout = 0.3f;
    q.focus = 1.0f;
    ae_heldout(m, q.heldout, N, heldout);
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, NULL, 0, NULL, heldout), STATUS_BAD_SHAPE);
    uint32_t field;
    q.focus = 1.5f;
    CHECK_STATUS(ae_fit_params_check(&q, &field), STATUS_BAD_PARAM);
    CHECK(field == 8);
    /* Everything selected: whatever the focus, an ordinary number of batches. */
    q = short_fit();
    q.focus = 0.2f;
    f = selection_fit(m, &x, &q, all);
    CHECK(ae_fit_rows(f) == 6 * 16);
    run(f, 100);
    CHECK(isnan(loss_of(f, JOB_LOSS_REST)) && isfinite(loss_of(f, JOB_LOSS_SELECTION)));
    ae_fit_free(f);
    ae_free(m);
}

/* One row, two rows, batches of one: every kind that has a share is in every batch. */
static void tiny_selections_run(void) {
    const matrix    x = table();
    const ae_params p = small();
    const float     shares[] = {0.0f, 1.0f / 90.0f, 0.5f, 1.0f};
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t batch = 1; batch <= 128; batch = batch * 3 + 1) {
            uint32_t bits[ROW_WORDS] = {0};
            rowbits_add(bits, 41);
            ae_fit_params q = short_fit();
            q.focus = shares[i];
            q.batch = batch;
            ae     *m = new_ae(&p, D);
            ae_fit *f = selection_fit(m, &x, &q, bits);
            run(f, 7);
            CHECK(ae_fit_epoch(f) == q.epochs);
            CHECK(isfinite(loss_of(f, JOB_LOSS_TRAIN)) &&
                  isfinite(loss_of(f, JOB_LOSS_SELECTION)) && isfinite(loss_of(f, JOB_LOSS_REST)));
            ae_fit_free(f);
            ae_free(m);
        }
    }
}

static void every_allocation_of_a_retrain_may_fail(void) {
    const matrix        x = table();
    const ae_params     p = small();
    const ae_fit_params q = short_fit();
    uint32_t            bits[ROW_WORDS];
    select_thirds(bits);
    ae          *m = new_ae(&p, D);
    const size_t before = mem_in_use();
    for (uint32_t nth = 1;; nth++) {
        ae_fit *f;
        mem_fail_nth(nth, false);
        const status s = ae_fit_new(&f, m, &x, &q, NULL, 0, NULL, bits);
        mem_fail_nth(0, false);
        if (s == STATUS_OK) {
            ae_fit_free(f);
            CHECK(nth > 2);
            break;
        }
        CHECK(s == STATUS_NO_MEMORY && f == NULL && mem_in_use() == before);
    }
    CHECK(mem_in_use() == before);
    ae_free(m);
}

TESTS({"the share holds in every batch", the_share_holds_in_every_batch},
      {"an epoch is one pass over the selection", an_epoch_is_one_pass_over_the_selection},
      {"weights of the kinds are loss weights", weights_of_the_kinds_are_loss_weights},
      {"focus one never sees the rest, focus nought never the selection",
       focus_one_never_sees_the_rest},
      {"losses are those of their rows", losses_are_those_of_their_rows},
      {"focus helps the selection and hurts the rest",
       focus_helps_the_selection_and_hurts_the_rest},
      {"slicing and dropped batches change no bit", slicing_and_dropped_batches_change_no_bit},
      {"steps do a stopped fit again", steps_do_a_stopped_fit_again},
      {"reset gives the model as created", reset_gives_the_model_as_created},
      {"nothing to train on is refused", nothing_to_train_on_is_refused},
      {"tiny selections run", tiny_selections_run},
      {"every allocation of a retrain may fail (row 60)", every_allocation_of_a_retrain_may_fail})
