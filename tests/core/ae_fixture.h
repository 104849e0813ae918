/* ae_fixture.h: a small table, a small model and a short fit, for the tests of both. */
#ifndef AE_FIXTURE_H
#define AE_FIXTURE_H

#include "base/mem.h"
#include "base/rng.h"
#include "base/rowbits.h"
#include "models/ae.h"
#include "models/ae_internal.h"
#include "nn/act.h"
#include "test.h"

#define N         90u
#define D         11u
#define STRIDE    12u

#define ROW_WORDS ((N + 31u) / 32u)

static float data[N * STRIDE];

/* Three groups of rows along two directions with some noise, all values in [0, 1]. */
static inline matrix table(void) {
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < D; j++) {
            const float u = rng_uniform(1, RNG_SYNTHETIC, i, j);
            data[i * STRIDE + j] = 0.25f * u + 0.25f * (float)(i % 3u) * (float)(j % 2u) +
                                   0.25f * (float)(i % 2u) * (float)(j % 3u == 0);
        }
    }
    return (matrix){.data = data, .dtype = MATRIX_F32, .n = N, .d = D, .stride = STRIDE};
}

static inline ae_params small(void) {
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

static inline ae_fit_params short_fit(void) {
    ae_fit_params q;
    ae_fit_params_default(&q);
    q.epochs = 5;
    q.batch = 16;
    q.learning_rate = 0.01f;
    q.seed = 4;
    return q;
}

static inline ae *new_ae(const ae_params *p, uint32_t d) {
    ae *m;
    CHECK_STATUS(ae_new(&m, p, d), STATUS_OK);
    return m;
}

static inline ae_fit *new_fit(ae *m, const matrix *x, const ae_fit_params *q) {
    ae_fit *f;
    CHECK_STATUS(ae_fit_new(&f, m, x, q, NULL, 0, NULL, NULL), STATUS_OK);
    return f;
}

static inline void run(ae_fit *f, uint32_t units) {
    while (!ae_fit_done(f)) {
        CHECK_STATUS(ae_fit_step(f, units), STATUS_OK);
    }
}

static inline void *snapshot(const ae *m) {
    void *s = mem_alloc(ae_snapshot_bytes(m));
    ae_snapshot_read(m, s);
    return s;
}

static inline void check_same_model(const ae *a, const ae *b) {
    void *sa = snapshot(a);
    void *sb = snapshot(b);
    CHECK(ae_snapshot_bytes(a) == ae_snapshot_bytes(b));
    CHECK_BITS(sa, sb, ae_snapshot_bytes(a));
    mem_free(sa);
    mem_free(sb);
}

#endif
