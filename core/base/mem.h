/* mem.h: checked sizes, aligned zeroed memory, a counter of bytes in use, and a hook that fails.
 *
 * Every allocation of the core goes through here. Objects compute one layout and claim it in one
 * piece (see mem_layout), so the estimate that X_bytes() gives is what X_new() takes.
 */
#ifndef MEM_H
#define MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every block and every part of an arena starts at a multiple of this. */
#define MEM_ALIGN 64u

/* *out = a * b (or a + b); false and *out = SIZE_MAX when it does not fit. SIZE_MAX is sticky: any
 * sum or product with it is SIZE_MAX again (0 * SIZE_MAX is 0), so only the end needs a check. */
bool mem_mul(size_t *out, size_t a, size_t b);
bool mem_add(size_t *out, size_t a, size_t b);

/* `bytes` zeroed bytes at a multiple of MEM_ALIGN, or NULL. 0 bytes gives a valid block. */
void *mem_alloc(size_t bytes);

/* Frees what mem_alloc() gave; NULL is allowed. */
void mem_free(void *block);

/* As realloc: the first min(old, new) bytes stay, new ones are zero. NULL on failure, and then the
 * old block is still valid. `block` may be NULL. For the table reader, which can't know its size. */
void *mem_realloc(void *block, size_t bytes);

/* Bytes handed out and not freed yet, and the most there ever were since mem_reset_peak(). */
size_t mem_in_use(void);
size_t mem_peak(void);
void   mem_reset_peak(void);

/* Fault injection for tests: the nth allocation from now (1 = the next) returns NULL, and, when
 * `persistent`, every later one too. nth = 0 switches it off. Compiled in everywhere: it costs one
 * compare an allocation, and the release build is then the tested build. Not exported by the wasm
 * release build. */
void mem_fail_nth(uint32_t nth, bool persistent);

/* An arena's layout: take parts in the same order with base = NULL to learn the size, then again
 * with the allocated base to get the places. On overflow `size` is SIZE_MAX and parts are NULL.
 *
 *     mem_layout l = {base, 0};
 *     float *w = mem_part(&l, n, sizeof *w);
 */
typedef struct {
    unsigned char *base;
    size_t         size;
} mem_layout;

void *mem_part(mem_layout *l, size_t count, size_t element);

#endif
