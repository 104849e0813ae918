/* status.h: what a function that can fail returns.
 *
 * Wrong input is a status; a broken invariant is an assert. A function that returns a status returns
 * nothing else: results come back through leading out-pointers, NULL or untouched on failure.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdint.h>

typedef enum {
    STATUS_OK = 0,
    STATUS_NO_MEMORY = 1,  /* an allocation failed; nothing was changed */
    STATUS_BAD_PARAM = 2,  /* a parameter is out of its bounds; X_params_check() says which */
    STATUS_BAD_SHAPE = 3,  /* rows, columns or lengths do not fit each other */
    STATUS_NOT_FINITE = 4, /* the numbers ran away; the object holds its last finite state */
    STATUS_TOO_LARGE = 5,  /* past a stated limit; checked before anything is allocated */
    STATUS_BAD_DATA = 6    /* bytes that are not what they should be: a snapshot, a table */
} status;

/* One sentence a person can read; never NULL, also for a value that is none of the above. */
const char *status_message(status s);

/* Returns from the enclosing function when `expr` is not STATUS_OK. */
#define TRY(expr)                     \
    do {                              \
        const status try_s_ = (expr); \
        if (try_s_ != STATUS_OK) {    \
            return try_s_;            \
        }                             \
    } while (0)

#endif
