#include "base/par.h"

void par_for(uint32_t n_blocks, void (*fn)(void *ctx, uint32_t block), void *ctx) {
    for (uint32_t b = 0; b < n_blocks; b++) {
        fn(ctx, b);
    }
}

uint32_t par_threads(void) {
    return 1;
}

void par_set_threads(uint32_t n) {
    (void)n;
}
