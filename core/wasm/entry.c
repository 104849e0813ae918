/* entry.c: what only the WebAssembly build needs: the numbers that a loader checks before it calls
 * anything else, and, in the build for fault tests, ways to fail. */
#include "base/status.h"

#include <stdint.h>

uint32_t    kernels_abi_version(void);
uint32_t    kernels_revision(void);
const char *kernels_status_message(uint32_t s);

/* Raised when an exported function comes, goes or changes its arguments, or a wire struct its fields; equals
 * ABI_VERSION in web/kernels/module.ts. */
uint32_t kernels_abi_version(void) {
    return 3;
}

/* Raised by hand whenever output bits change (tests/golden holds the hashes): equal revisions give
 * equal bits, so links and sessions carry it. */
uint32_t kernels_revision(void) {
    return 2;
}

/* status_message() for a number that may not be a status. */
const char *kernels_status_message(uint32_t s) {
    return status_message((status)s);
}

#ifdef UNFOLD_FAULTS
void fault_trap(void);
void fault_hang(void);

/* Ends the instance as a broken invariant would. */
void fault_trap(void) {
    __builtin_trap();
}

/* Never returns: a worker that has gone silent. */
void fault_hang(void) {
    volatile uint32_t turns = 0;
    for (;;) {
        turns = turns + 1;
    }
}
#endif
