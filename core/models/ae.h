/* ae.h: a dense autoencoder and its training, as two objects.
 *
 * A model (`ae`) holds weights and optimiser moments. A fit (`ae_fit`) visits given rows with given
 * weights and rates and moves the model; another fit continues from where the first left it: other
 * rows, another learning rate or another table of the same width are simply another fit.
 *
 *     ae *m;
 *     ae_params p;
 *     ae_params_default(&p);
 *     status s = ae_new(&m, &p, x.d);
 *
 *     ae_fit *f;
 *     ae_fit_params q;
 *     ae_fit_params_default(&q);
 *     s = ae_fit_new(&f, m, &x, &q, NULL, 0, NULL, NULL);
 *     while (s == STATUS_OK && !ae_fit_done(f)) s = ae_fit_step(f, 8);
 *     ae_fit_free(f);
 *     ... ae_encode(m, &x, 0, x.n, z) ...
 *     ae_free(m);
 *
 * The network: d -> hidden[0] -> ... -> hidden[n-1] -> latent -> hidden[n-1] -> ... -> d, every layer
 * dense with a bias; the code layer is linear, the hidden layers share one activation. Weights start
 * uniform in +-1/sqrt(fan_in), biases too (PyTorch's default for Linear). The optimiser is AdamW
 * (Kingma & Ba 2015; Loshchilov & Hutter 2019), beta 0.9 and 0.999, epsilon 1e-8.
 *
 * Loss: the mean over rows and features of the squared error (MSE), or of the binary cross-entropy
 * computed from logits (BCE; targets in [0, 1]). With row weights w the loss of a batch of B rows is
 * sum_b w_b e_b / B.
 *
 * Same data, parameters and seeds give the same bits, however the steps are sliced and on however
 * many threads. Cost of a batch of B rows: about 6 * parameters * B operations.
 */
#ifndef AE_H
#define AE_H

#include "base/job.h"
#include "base/status.h"
#include "math/matrix.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AE_MAX_HIDDEN     8u
#define AE_MAX_PARAMETERS 30000000u

typedef enum { AE_LOSS_MSE = 0, AE_LOSS_BCE = 1 } ae_loss;

/* A wire struct: 4-byte fields only, in this order. */
typedef struct {
    uint32_t n_hidden;              /* hidden layers of the encoder, in [0, 8]; default 2 */
    uint32_t hidden[AE_MAX_HIDDEN]; /* their widths, in [1, 4096]; default 128, 32 */
    uint32_t latent;                /* size of the code, in [1, 64]; default 2 */
    uint32_t activation;            /* act_kind of the hidden layers; default ACT_RELU */
    uint32_t output;                /* ACT_LINEAR or ACT_SIGMOID; default ACT_LINEAR */
    uint32_t loss;                  /* ae_loss; BCE needs ACT_SIGMOID; default MSE */
    uint32_t seed;                  /* initial weights, and which rows are held out; default 1 */
} ae_params;

_Static_assert(sizeof(ae_params) == 56, "ae_params is a wire struct");

/* A wire struct. */
typedef struct {
    uint32_t epochs;        /* visits of every row, in [1, 100000]; default 20 */
    uint32_t batch;         /* rows a step, in [1, 4096]; default 128 */
    float    learning_rate; /* in [1e-8, 1e9]; default 1e-3 */
    float    weight_decay;  /* decoupled, in [0, 1]; default 0 */
    float    noise;         /* sd of Gaussian noise on the inputs, in [0, 10]; default 0 */
    float    heldout;       /* fraction of all rows kept out of training, in [0, 0.5]; default 0 */
    uint32_t
        patience;  /* epochs without a better held-out loss before it ends; 0 never; default 0 */
    uint32_t seed; /* order of rows and noise; default 1 */
    float focus; /* with a selection: its share of the loss of every batch, in [0, 1]; default 1 */
    uint32_t
        steps; /* batches after which it ends, if its epochs have not ended it; 0 any; default 0 */
} ae_fit_params;

_Static_assert(sizeof(ae_fit_params) == 40, "ae_fit_params is a wire struct");

typedef struct ae     ae;
typedef struct ae_fit ae_fit;

/* ---------------------------------------------------------------- the model */

void ae_params_default(ae_params *p);
void ae_params_bounds(ae_params *lo, ae_params *hi); /* hard limits, inclusive */

/* STATUS_BAD_PARAM: *field is the index of the wrong 4-byte field (hidden[i] is 1 + i).
 * STATUS_BAD_SHAPE: d is 0. STATUS_TOO_LARGE: more than AE_MAX_PARAMETERS parameters. */
status ae_params_check(const ae_params *p, uint32_t d, uint32_t *field);

/* Weights and biases of such a model; UINT32_MAX when there are more than fit. p must be in bounds. */
uint32_t ae_parameters(const ae_params *p, uint32_t d);

/* Bytes ae_new() claims. */
size_t ae_bytes(const ae_params *p, uint32_t d);

status ae_new(ae **out, const ae_params *p, uint32_t d);
void   ae_free(ae *m); /* NULL is allowed */

/* Weights, moments and counts as ae_new() left them. No fit of m may be under way. */
void ae_reset(ae *m);

uint32_t         ae_features(const ae *m); /* d */
uint32_t         ae_latent(const ae *m);
uint32_t         ae_steps(const ae *m);  /* batches trained so far, over all fits */
uint32_t         ae_epochs(const ae *m); /* epochs finished so far, over all fits */
const ae_params *ae_parameters_of(const ae *m);

/* Rows first .. first + rows - 1 of x through the model. Any of the outputs may be NULL:
 *   z              (rows, latent)
 *   reconstruction (rows, d)     after the output activation, in the scaled units of x
 *   residual       (rows, d)     reconstruction - input
 *   error          (rows)        mean over features of residual squared, whatever the loss
 * BAD_SHAPE when x->d differs from the model's or rows pass the end. Cost: 2 * parameters a row (half
 * of it when only z is asked for); callers on a clock ask for few rows at a time. */
status ae_evaluate(ae *m, const matrix *x, uint32_t first, uint32_t rows, float *z,
                   float *reconstruction, float *residual, float *error);

/* Keeps the weights as they are now (at first those of ae_new) for ae_show(): z and error of the rows, either
 * NULL, as ae_evaluate gives them, whatever a fit has moved since, also in the middle of a batch. A sweep
 * over many rows that is spread over many steps of a fit then meets one state of the model. */
void   ae_freeze(ae *m);
status ae_show(ae *m, const matrix *x, uint32_t first, uint32_t rows, float *z, float *error);

/* ae_evaluate with z alone. */
status ae_encode(ae *m, const matrix *x, uint32_t first, uint32_t rows, float *z);

/* Codes z (rows, latent) to x (rows, d), after the output activation. */
status ae_decode(ae *m, const float *z, uint32_t rows, float *x);

/* A snapshot holds everything a later step depends on: shape, weights, moments, step count. It has a
 * version and a checksum. Restoring into a model of another shape, or from damaged bytes, is BAD_DATA
 * and changes nothing. Restore followed by the same fits gives the same bits. */
size_t ae_snapshot_bytes(const ae *m);
void   ae_snapshot_read(const ae *m, void *dst);
status ae_snapshot_write(ae *m, const void *src, size_t bytes);

/* ---------------------------------------------------------------- a fit */

void   ae_fit_params_default(ae_fit_params *p);
void   ae_fit_params_bounds(ae_fit_params *lo, ae_fit_params *hi);
status ae_fit_params_check(const ae_fit_params *p, uint32_t *field);

/* Bytes ae_fit_new() claims for a matrix of n rows, all of them visited, without weights or a selection (those
 * take up to 5 bytes a row more). */
size_t ae_fit_bytes(const ae_params *p, uint32_t d, const ae_fit_params *q, uint32_t n);

/* Trains *m on rows of *x; both are borrowed and must outlive the fit, and no other fit may step the
 * same model meanwhile. `rows` (n_rows ids, each < x->n; NULL = all) are copied, as is what is needed of
 * `weights` (x->n loss weights, finite and >= 0; NULL = 1). Rows that ae_heldout() names for params.heldout are
 * never trained on, whichever rows are given.
 *
 * `selection` (bits of base/rowbits.h for x->n rows; NULL = none) divides the rows that are visited in two, s
 * selected ones and r others, and has params.focus hold in every single batch. Of its B rows (at least two
 * where both kinds are visited) k = round(focus * B) are selected ones, but at least one of each kind that has a
 * share; the losses of the two kinds are weighted by focus * B / k and (1 - focus) * B / (B - k), so that the
 * selection carries the fraction `focus` of the weight exactly. Each kind is visited in an order of its own, new in
 * every epoch, beginning again when it is through. An epoch is ceil(s / (focus * B)) batches, one pass over the
 * selection; with focus 0 the selection is not visited and an epoch is ceil(r / B) batches; with focus 1 the rest is
 * not. (Never more than 1,048,575 batches.) When every row is selected focus counts as 1. The losses of both kinds, of at most 1,000 rows each, are taken
 * at the end of each epoch.
 *
 * BAD_SHAPE when the widths differ, or no row is left to train on (no selected one with a focus above 0, no
 * other one with focus 0). */
status ae_fit_new(ae_fit **out, ae *m, const matrix *x, const ae_fit_params *p,
                  const uint32_t *rows, uint32_t n_rows, const float *weights,
                  const uint32_t *selection);

/* The rows that fits of *m on a table of n rows keep out of training, round(fraction * n) of them by the
 * model's seed, as bits ((n + 31) / 32 words, all written). fraction in [0, 0.5]. */
void ae_heldout(const ae *m, float fraction, uint32_t n, uint32_t *bits);

/* Batches of an epoch of a fit with s selected and r other rows to visit: see ae_fit_new(). */
uint32_t ae_fit_batches(float focus, uint32_t batch, uint32_t s, uint32_t r);

/* Advances by at most `units` units (each at most about 32 million multiply-adds: less than a batch of
 * a large model) and returns early at the end of each epoch, so that a caller sees every one. Never
 * allocates. A call when done does nothing.
 * NOT_FINITE when the loss is no longer finite or has run away (10,000 times that of predicting zero
 * and of the first batch): the model is back at the start of the last epoch whose first loss was sane, and
 * the fit is done. */
status ae_fit_step(ae_fit *f, uint32_t units);

bool ae_fit_done(const ae_fit *f);

/* True when no batch is half-way: only then do encode, snapshot and free see whole weights. */
bool ae_fit_between_batches(const ae_fit *f);

/* Drops a batch that is under way, if no weight was moved yet; false when it has to be finished. */
bool ae_fit_abandon_batch(ae_fit *f);

/* Ends the fit now, with whole weights: a batch that has moved some of them already is undone by going
 * back to the start of its epoch. For a caller that can't wait for the rest of a large batch. */
void ae_fit_cancel(ae_fit *f);

typedef enum {
    AE_FIT_RUNNING = 0,
    AE_FIT_EPOCHS = 1, /* or its steps */
    AE_FIT_PLATEAU = 2,
    AE_FIT_DIVERGED = 3,
    AE_FIT_CANCELLED = 4
} ae_fit_end;

uint32_t ae_fit_ended_by(const ae_fit *f); /* ae_fit_end */

/* done and total in batches; losses of the last finished epoch: train, held out (of at most 2,000 rows), selection
 * and rest (NaN without a selection, or without a row of the kind that may be trained on). */
void     ae_fit_progress(const ae_fit *f, job_progress *out);
uint32_t ae_fit_epoch(const ae_fit *f);        /* epochs finished by this fit */
double   ae_fit_rows_trained(const ae_fit *f); /* rows visited by this fit, repeats counted */
uint32_t ae_fit_rows(const ae_fit *f);         /* rows visited an epoch, repeats counted */
uint32_t ae_fit_heldout_rows(const ae_fit *f);

/* Changes of the learning rate that may wait for their batch at once. */
#define AE_FIT_RATES 1024u

/* Another learning rate from the batch on that comes after `after` batches of this fit: a fit that is given the same
 * changes takes the same steps, however it is sliced. The batch at hand has been prepared with the rate it began
 * with, so that `after` is at least one more than the batches done so far (ae_fit_progress); changes that wait for
 * the same batch or a later one give way. BAD_PARAM for an earlier batch, and when the rate is out of bounds; TOO_LARGE
 * when AE_FIT_RATES changes wait. */
status ae_fit_set_learning_rate(ae_fit *f, uint32_t after, float learning_rate);

void ae_fit_free(ae_fit *f); /* NULL is allowed; the model stays as it is */

#endif
