/* test_ae.c: the autoencoder: gradients, limits, estimates, failed allocations. */
#include "ae_fixture.h"

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
    const uint32_t      nobody[(N + 31) / 32] = {0};
    narrow.d = D - 1;
    CHECK_STATUS(ae_fit_new(&f, m, &narrow, &q, NULL, 0, NULL, NULL), STATUS_BAD_SHAPE);
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, rows, 2, NULL, NULL), STATUS_BAD_SHAPE);
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, rows, 0, NULL, NULL), STATUS_BAD_SHAPE);
    CHECK_STATUS(ae_fit_new(&f, m, &x, &q, NULL, 0, NULL, nobody), STATUS_BAD_SHAPE);
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
      {"parameters are checked by field (row 55)", parameters_are_checked_by_field},
      {"too large models are refused", too_large_models_are_refused},
      {"the estimate is the truth, and steps never allocate", the_estimate_is_the_truth},
      {"every allocation may fail (row 60)", every_allocation_may_fail},
      {"odd shapes run", odd_shapes_run}, {"bad inputs are refused", bad_inputs_are_refused})
