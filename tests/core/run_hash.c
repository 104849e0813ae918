/* run_hash.c: prints one hash of everything a short training run produces.
 *
 * The same program is built by gcc and clang, at -O0 and -O3, with par serial and pthread (argv[1]
 * threads), and its JavaScript twin drives the wasm build in Node and in a browser: all must print the
 * same line. The data are made here from integers, so that nothing but the kernels is compared. */
#include "base/mem.h"
#include "base/par.h"
#include "base/rowbits.h"
#include "models/ae.h"
#include "nn/act.h"

#include <stdio.h>
#include <stdlib.h>

#define N      300u
#define D      21u
#define STRIDE 24u

static uint64_t hash_bytes(uint64_t h, const void *p, size_t n) {
    const unsigned char *b = p;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ b[i]) * 0x100000001B3u;
    }
    return h;
}

/* focus 0: no selection. */
static uint64_t run(uint32_t activation, uint32_t output, uint32_t loss, float noise, float focus,
                    uint64_t h) {
    float   *x = mem_alloc(N * STRIDE * sizeof(float));
    float   *z = mem_alloc((size_t)N * 3 * sizeof(float));
    float   *error = mem_alloc(N * sizeof(float));
    uint32_t state = 12345;
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < D; j++) {
            state = state * 1664525u + 1013904223u;
            x[i * STRIDE + j] = (float)((state >> 16) % 256u + (i % 3u) * 16u * (j % 4u)) / 512.0f;
        }
    }
    const matrix m = {.data = x, .dtype = MATRIX_F32, .n = N, .d = D, .stride = STRIDE};
    ae_params    p;
    ae_params_default(&p);
    p.n_hidden = 2;
    p.hidden[0] = 33;
    p.hidden[1] = 10;
    p.latent = 3;
    p.activation = activation;
    p.output = output;
    p.loss = loss;
    p.seed = 7;
    ae_fit_params q;
    ae_fit_params_default(&q);
    q.epochs = 3;
    q.batch = 37;
    q.learning_rate = 0.01f;
    q.weight_decay = 0.01f;
    q.noise = noise;
    q.heldout = 0.1f;
    q.seed = 9;
    uint32_t bits[(N + 31) / 32] = {0};
    if (focus > 0.0f) {
        q.focus = focus;
        for (uint32_t i = 0; i < N; i += 3) {
            rowbits_add(bits, i);
        }
    }
    ae     *model;
    ae_fit *fit;
    if (ae_new(&model, &p, D) != STATUS_OK ||
        ae_fit_new(&fit, model, &m, &q, NULL, 0, NULL, focus > 0.0f ? bits : NULL) != STATUS_OK) {
        exit(1);
    }
    while (!ae_fit_done(fit)) {
        if (ae_fit_step(fit, 1) != STATUS_OK) {
            exit(1);
        }
        job_progress progress;
        ae_fit_progress(fit, &progress);
        if (ae_fit_epoch(fit) > 0) {
            h = hash_bytes(h, progress.loss, (focus > 0.0f ? 4 : 2) * sizeof(float));
        }
    }
    void *snapshot = mem_alloc(ae_snapshot_bytes(model));
    ae_snapshot_read(model, snapshot);
    ae_evaluate(model, &m, 0, N, z, NULL, NULL, error);
    h = hash_bytes(h, snapshot, ae_snapshot_bytes(model));
    h = hash_bytes(h, z, (size_t)N * 3 * sizeof(float));
    h = hash_bytes(h, error, N * sizeof(float));
    mem_free(snapshot);
    ae_fit_free(fit);
    ae_free(model);
    mem_free(x);
    mem_free(z);
    mem_free(error);
    return h;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        par_set_threads((uint32_t)strtoul(argv[1], NULL, 10));
    }
    uint64_t h = 0xCBF29CE484222325u;
    for (uint32_t activation = 0; activation < ACT_COUNT; activation++) {
        h = run(activation, ACT_LINEAR, AE_LOSS_MSE, 0.0f, 0.0f, h);
        h = run(activation, ACT_SIGMOID, AE_LOSS_BCE, 0.1f, 0.0f, h);
    }
    h = run(ACT_RELU, ACT_SIGMOID, AE_LOSS_MSE, 0.0f, 0.0f, h);
    h = run(ACT_RELU, ACT_LINEAR, AE_LOSS_MSE, 0.1f, 0.35f, h);
    h = run(ACT_RELU, ACT_LINEAR, AE_LOSS_MSE, 0.1f, 0.8f, h);
    h = run(ACT_RELU, ACT_LINEAR, AE_LOSS_MSE, 0.1f, 1.0f, h);
    par_set_threads(1);
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
