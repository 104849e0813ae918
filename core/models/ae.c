#include "models/ae.h"

#include "base/mem.h"
#include "math/vec.h"
#include "models/ae_internal.h"
#include "nn/act.h"

#include <string.h>

void ae_params_default(ae_params *p) {
    *p = (ae_params){.n_hidden = 2,
                     .hidden = {128, 32},
                     .latent = 2,
                     .activation = ACT_RELU,
                     .output = ACT_LINEAR,
                     .loss = AE_LOSS_MSE,
                     .seed = 1};
}

void ae_params_bounds(ae_params *lo, ae_params *hi) {
    *lo = (ae_params){.latent = 1};
    *hi = (ae_params){.n_hidden = AE_MAX_HIDDEN,
                      .latent = 64,
                      .activation = ACT_COUNT - 1,
                      .output = ACT_SIGMOID,
                      .loss = AE_LOSS_BCE,
                      .seed = UINT32_MAX};
    for (uint32_t i = 0; i < AE_MAX_HIDDEN; i++) {
        lo->hidden[i] = 1;
        hi->hidden[i] = 4096;
    }
}

/* Places of the fields, as X_params_check reports them. */
enum {
    FIELD_N_HIDDEN = 0,
    FIELD_HIDDEN = 1,
    FIELD_LATENT = 9,
    FIELD_ACTIVATION,
    FIELD_OUTPUT,
    FIELD_LOSS
};

status ae_params_check(const ae_params *p, uint32_t d, uint32_t *field) {
    ae_params lo;
    ae_params hi;
    ae_params_bounds(&lo, &hi);
    *field = FIELD_N_HIDDEN;
    if (p->n_hidden > hi.n_hidden) {
        return STATUS_BAD_PARAM;
    }
    for (uint32_t i = 0; i < p->n_hidden; i++) {
        *field = FIELD_HIDDEN + i;
        if (p->hidden[i] < lo.hidden[i] || p->hidden[i] > hi.hidden[i]) {
            return STATUS_BAD_PARAM;
        }
    }
    *field = FIELD_LATENT;
    if (p->latent < lo.latent || p->latent > hi.latent) {
        return STATUS_BAD_PARAM;
    }
    *field = FIELD_ACTIVATION;
    if (p->activation > hi.activation) {
        return STATUS_BAD_PARAM;
    }
    *field = FIELD_OUTPUT;
    if (p->output != ACT_LINEAR && p->output != ACT_SIGMOID) {
        return STATUS_BAD_PARAM;
    }
    *field = FIELD_LOSS;
    if (p->loss > hi.loss || (p->loss == AE_LOSS_BCE && p->output != ACT_SIGMOID)) {
        return STATUS_BAD_PARAM;
    }
    *field = 0;
    if (d == 0) {
        return STATUS_BAD_SHAPE;
    }
    return ae_parameters(p, d) > AE_MAX_PARAMETERS ? STATUS_TOO_LARGE : STATUS_OK;
}

void ae_shape(mlp_shape *s, const ae_params *p, uint32_t d) {
    const uint32_t h = p->n_hidden;
    *s = (mlp_shape){.n_layers = 2 * (h + 1)};
    s->width[0] = d;
    s->width[h + 1] = p->latent;
    s->width[s->n_layers] = d;
    for (uint32_t i = 0; i < h; i++) {
        s->width[1 + i] = p->hidden[i];
        s->width[s->n_layers - 1 - i] = p->hidden[i];
    }
    for (uint32_t l = 0; l < s->n_layers; l++) {
        s->activation[l] = p->activation;
    }
    s->activation[h] = ACT_LINEAR;
    s->activation[s->n_layers - 1] = p->loss == AE_LOSS_BCE ? ACT_LINEAR : p->output;
    mlp_place(s);
}

uint32_t ae_parameters(const ae_params *p, uint32_t d) {
    mlp_shape s;
    ae_shape(&s, p, d);
    return mlp_parameters(&s);
}

static size_t lay_out(ae *m, void *base) {
    mem_layout l = {base, 0};
    m->w = mem_part(&l, m->shape.floats, sizeof(float));
    m->m = mem_part(&l, m->shape.floats, sizeof(float));
    m->v = mem_part(&l, m->shape.floats, sizeof(float));
    m->frozen = mem_part(&l, m->shape.floats, sizeof(float));
    mlp_pass_layout(&l, &m->pass, &m->shape, AE_EVALUATE_ROWS, false);
    return l.size;
}

size_t ae_bytes(const ae_params *p, uint32_t d) {
    ae m = {0};
    ae_shape(&m.shape, p, d);
    size_t bytes = lay_out(&m, NULL);
    mem_add(&bytes, bytes, sizeof(ae));
    return bytes;
}

status ae_new(ae **out, const ae_params *p, uint32_t d) {
    uint32_t field;
    *out = NULL;
    TRY(ae_params_check(p, d, &field));
    ae *m = mem_alloc(sizeof *m);
    if (m == NULL) {
        return STATUS_NO_MEMORY;
    }
    m->params = *p;
    for (uint32_t i = p->n_hidden; i < AE_MAX_HIDDEN; i++) {
        m->params.hidden[i] = 0; /* not part of the shape: two models of one shape compare equal */
    }
    m->d = d;
    ae_shape(&m->shape, p, d);
    m->arena = mem_alloc(lay_out(m, NULL));
    if (m->arena == NULL) {
        mem_free(m);
        return STATUS_NO_MEMORY;
    }
    lay_out(m, m->arena);
    ae_reset(m);
    *out = m;
    return STATUS_OK;
}

void ae_reset(ae *m) {
    const size_t bytes = m->shape.floats * sizeof(float);
    memset(m->w, 0, bytes);
    memset(m->m, 0, bytes);
    memset(m->v, 0, bytes);
    m->steps = 0;
    m->epochs = 0;
    mlp_init(&m->shape, m->params.seed, m->w);
    ae_freeze(m);
}

void ae_free(ae *m) {
    if (m != NULL) {
        mem_free(m->arena);
        mem_free(m);
    }
}

uint32_t ae_features(const ae *m) {
    return m->d;
}

uint32_t ae_latent(const ae *m) {
    return m->params.latent;
}

uint32_t ae_steps(const ae *m) {
    return m->steps;
}

uint32_t ae_epochs(const ae *m) {
    return m->epochs;
}

const ae_params *ae_parameters_of(const ae *m) {
    return &m->params;
}

void ae_gather(const matrix *x, uint32_t first, uint32_t rows, float *dst, uint32_t stride) {
    for (uint32_t r = 0; r < rows; r++) {
        matrix_row(x, first + r, dst + (size_t)r * stride);
    }
}

/* Copies the first d columns of src (rows, stride) to dst (rows, d). */
static void copy_rows(float *dst, const float *src, uint32_t rows, uint32_t d, uint32_t stride) {
    for (uint32_t r = 0; r < rows; r++) {
        memcpy(dst + (size_t)r * d, src + (size_t)r * stride, d * sizeof(float));
    }
}

/* The network's output: with a loss on logits the last activation is still to be applied. */
static void finish_output(const ae *m, uint32_t rows) {
    if (m->params.loss == AE_LOSS_BCE) {
        const size_t n = (size_t)rows * dense_stride(m->d);
        act_forward(m->params.output, m->pass.a[m->shape.n_layers], n);
    }
}

/* ae_evaluate by the weights w. */
static status evaluate(ae *m, float *w, const matrix *x, uint32_t first, uint32_t rows, float *z,
                       float *reconstruction, float *residual, float *error) {
    if (x->d != m->d || first > x->n || rows > x->n - first) {
        return STATUS_BAD_SHAPE;
    }
    const uint32_t code = m->params.n_hidden + 1;
    const uint32_t stride = dense_stride(m->d);
    const bool     whole = reconstruction != NULL || residual != NULL || error != NULL;
    for (uint32_t done = 0; done < rows;) {
        const uint32_t n = rows - done < AE_EVALUATE_ROWS ? rows - done : AE_EVALUATE_ROWS;
        const float   *input = m->pass.a[0];
        const float   *output = m->pass.a[m->shape.n_layers];
        ae_gather(x, first + done, n, m->pass.a[0], stride);
        mlp_forward(&m->shape, &m->pass, w, 0, whole ? m->shape.n_layers : code, n);
        if (z != NULL) {
            copy_rows(z + (size_t)done * m->params.latent, m->pass.a[code], n, m->params.latent,
                      dense_stride(m->params.latent));
        }
        if (whole) {
            finish_output(m, n);
        }
        if (reconstruction != NULL) {
            copy_rows(reconstruction + (size_t)done * m->d, output, n, m->d, stride);
        }
        for (uint32_t r = 0; r < n; r++) {
            const float *a = input + (size_t)r * stride;
            const float *y = output + (size_t)r * stride;
            if (residual != NULL) {
                float *to = residual + (size_t)(done + r) * m->d;
                for (uint32_t j = 0; j < m->d; j++) {
                    to[j] = y[j] - a[j];
                }
            }
            if (error != NULL) {
                error[done + r] = vec_squared_distance(y, a, m->d) / (float)m->d;
            }
        }
        done += n;
    }
    return STATUS_OK;
}

status ae_evaluate(ae *m, const matrix *x, uint32_t first, uint32_t rows, float *z,
                   float *reconstruction, float *residual, float *error) {
    return evaluate(m, m->w, x, first, rows, z, reconstruction, residual, error);
}

void ae_freeze(ae *m) {
    memcpy(m->frozen, m->w, m->shape.floats * sizeof(float));
}

status ae_show(ae *m, const matrix *x, uint32_t first, uint32_t rows, float *z, float *error) {
    return evaluate(m, m->frozen, x, first, rows, z, NULL, NULL, error);
}

status ae_encode(ae *m, const matrix *x, uint32_t first, uint32_t rows, float *z) {
    return ae_evaluate(m, x, first, rows, z, NULL, NULL, NULL);
}

status ae_decode(ae *m, const float *z, uint32_t rows, float *x) {
    const uint32_t code = m->params.n_hidden + 1;
    const uint32_t latent = m->params.latent;
    const uint32_t stride = dense_stride(latent);
    for (uint32_t done = 0; done < rows;) {
        const uint32_t n = rows - done < AE_EVALUATE_ROWS ? rows - done : AE_EVALUATE_ROWS;
        for (uint32_t r = 0; r < n; r++) {
            memcpy(m->pass.a[code] + (size_t)r * stride, z + (size_t)(done + r) * latent,
                   latent * sizeof(float));
        }
        mlp_forward(&m->shape, &m->pass, m->w, code, m->shape.n_layers, n);
        finish_output(m, n);
        copy_rows(x + (size_t)done * m->d, m->pass.a[m->shape.n_layers], n, m->d,
                  dense_stride(m->d));
        done += n;
    }
    return STATUS_OK;
}

/* ---------------------------------------------------------------- snapshots */

#define SNAPSHOT_MAGIC 0x31454155u /* "UAE1" */

typedef struct {
    uint32_t  magic, d, steps, epochs;
    ae_params params;
    uint32_t  checksum[2]; /* 64 bits, of what follows */
} snapshot_header;

/* FNV-1a over 4-byte words: a byte at a time would take longer than a batch for a large model. */
static uint64_t checksum(const unsigned char *bytes, size_t n) {
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t i = 0; i < n; i += sizeof(uint32_t)) {
        uint32_t word;
        memcpy(&word, bytes + i, sizeof word);
        h = (h ^ word) * 0x100000001B3u;
    }
    return h;
}

static size_t payload_bytes(const ae *m) {
    return 3 * m->shape.floats * sizeof(float);
}

size_t ae_snapshot_bytes(const ae *m) {
    return sizeof(snapshot_header) + payload_bytes(m);
}

void ae_snapshot_read(const ae *m, void *dst) {
    unsigned char *payload = (unsigned char *)dst + sizeof(snapshot_header);
    const size_t   block = m->shape.floats * sizeof(float);
    memcpy(payload, m->w, block);
    memcpy(payload + block, m->m, block);
    memcpy(payload + 2 * block, m->v, block);
    const uint64_t  sum = checksum(payload, 3 * block);
    snapshot_header h = {.magic = SNAPSHOT_MAGIC,
                         .d = m->d,
                         .steps = m->steps,
                         .epochs = m->epochs,
                         .params = m->params,
                         .checksum = {(uint32_t)sum, (uint32_t)(sum >> 32)}};
    memcpy(dst, &h, sizeof h);
}

status ae_snapshot_write(ae *m, const void *src, size_t bytes) {
    snapshot_header h;
    if (bytes != ae_snapshot_bytes(m)) {
        return STATUS_BAD_DATA;
    }
    memcpy(&h, src, sizeof h);
    const unsigned char *payload = (const unsigned char *)src + sizeof h;
    const uint64_t       sum = checksum(payload, payload_bytes(m));
    ae_params            same_shape = h.params;
    same_shape.seed = m->params.seed;
    if (h.magic != SNAPSHOT_MAGIC || h.d != m->d ||
        memcmp(&same_shape, &m->params, sizeof same_shape) != 0 || h.checksum[0] != (uint32_t)sum ||
        h.checksum[1] != (uint32_t)(sum >> 32)) {
        return STATUS_BAD_DATA;
    }
    const size_t block = m->shape.floats * sizeof(float);
    memcpy(m->w, payload, block);
    memcpy(m->m, payload + block, block);
    memcpy(m->v, payload + 2 * block, block);
    m->params = h.params;
    m->steps = h.steps;
    m->epochs = h.epochs;
    return STATUS_OK;
}
