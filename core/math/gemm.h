/* gemm.h: the packed matrix product: panels, one 4 x 8 tile, and a whole product built from them.
 *
 * A product C = A B of (m, k) by (k, n) reads A as row panels and B as column panels:
 *
 *     A panel g: rows 4g .. 4g + 3,    stored [k][4]     (GEMM_MR)
 *     B panel p: columns 8p .. 8p + 7, stored [k][8]     (GEMM_NR)
 *
 * Every element of C is the sum over k in ascending order, multiply then add, from its starting value:
 * whichever way a product is cut into tiles, blocks of k or threads, the bits are the same.
 */
#ifndef GEMM_H
#define GEMM_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define GEMM_MR 4u
#define GEMM_NR 8u

/* acc (4, 8) += A panel (k, 4) times B panel (k, 8). acc is contiguous, 16-byte aligned. */
void gemm_tile(uint32_t k, const float *a, const float *b, float *acc);

/* The same by the obvious loops; gemm_tile equals it bit for bit. */
void gemm_tile_reference(uint32_t k, const float *a, const float *b, float *acc);

/* Packs `rows` <= 4 rows of src (rows, k; stride lda) as one A panel; missing rows become zero. */
void gemm_pack_a(const float *src, size_t lda, uint32_t rows, uint32_t k, float *panel);

/* Packs `columns` <= 4 columns of src (k, columns; stride lda) as one A panel: A is src transposed. */
void gemm_pack_a_transposed(const float *src, size_t lda, uint32_t columns, uint32_t k,
                            float *panel);

/* Packs `columns` <= 8 columns of src (k, columns; stride ldb) as one B panel; missing ones zero. */
void gemm_pack_b(const float *src, size_t ldb, uint32_t columns, uint32_t k, float *panel);

/* c (m, n; stride ldc) = a (m, k; stride lda) * b (k, n; stride ldb), all row-major. `workspace` holds
 * gemm_workspace(m, n, k) bytes, 16-byte aligned. Runs on par_for. */
size_t gemm_workspace(uint32_t m, uint32_t n, uint32_t k);
void   gemm(uint32_t m, uint32_t n, uint32_t k, const float *a, size_t lda, const float *b,
            size_t ldb, float *c, size_t ldc, void *workspace);

#endif
