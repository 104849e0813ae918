/* par.h: all that kernels know of threads.
 *
 * One implementation is linked: par_serial.c (the default wasm build and a native variant) or
 * par_pthread.c (native tests, ThreadSanitizer, benchmarks). The threaded wasm build adds a third.
 */
#ifndef PAR_H
#define PAR_H

#include <stdint.h>

/* Runs fn(ctx, block) once for every block in [0, n_blocks), on any thread, in any order, and
 * returns when all are done. Blocks must not share mutable state; what a block computes must not
 * depend on which thread runs it. Callable from the main compute thread only; does not nest. */
void par_for(uint32_t n_blocks, void (*fn)(void *ctx, uint32_t block), void *ctx);

/* Threads that par_for uses, the caller included; 1 in the serial build. */
uint32_t par_threads(void);

/* Asks for n threads (the caller included); gives what the build has: see par_threads(). */
void par_set_threads(uint32_t n);

#endif
