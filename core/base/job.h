/* job.h: the progress record that every steppable object fills in. A wire struct: 4-byte fields only. */
#ifndef JOB_H
#define JOB_H

#include <stdint.h>

/* Places in job_progress.loss. NaN = there is none. */
enum {
    JOB_LOSS_TRAIN = 0,
    JOB_LOSS_HELDOUT = 1,
    JOB_LOSS_SELECTION = 2,
    JOB_LOSS_REST = 3,
    JOB_LOSS_RECONSTRUCTION = 4,
    JOB_LOSS_KL = 5
};

typedef struct {
    uint32_t stage; /* index into the method's stage names; those live in web/methods */
    uint32_t done;  /* units of progress finished in this stage (for a fit: batches) */
    uint32_t total; /* units of progress in this stage */
    float    loss[8];
} job_progress;

_Static_assert(sizeof(job_progress) == 44, "job_progress is a wire struct");

#endif
