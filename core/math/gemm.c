/* gemm.c: blocking as in Goto and van de Geijn (2008), a 4 x 8 register tile.
 *
 * Eight accumulators, two loads of B and one splat of A stay inside the 15 vector registers V8 has on
 * x86. Measured there: the loop is bound by dispatch, and unrolling only pays when every step of k ends
 * its basic block with an exit the compiler can't fold (else all loads move to the front and spill).
 * Hence the empty asm statements, which also keep the pointers from being rebuilt as offsets. */
#include "math/gemm.h"

#include "base/mem.h"
#include "base/par.h"
#include "math/simd.h"

#include <string.h>

#define MC 128u  /* rows of A a block works on: 128 x KC floats stay in the second-level cache */
#define KC 1024u /* depth of a block: one B panel of KC x 8 floats is 32 KiB */

#define STEP                                 \
    {                                        \
        const f32x4 b0 = f32x4_load(b);      \
        const f32x4 b1 = f32x4_load(b + 4);  \
        f32x4       s = f32x4_splat(a[0]);   \
        c00 += s * b0;                       \
        c01 += s * b1;                       \
        s = f32x4_splat(a[1]);               \
        c10 += s * b0;                       \
        c11 += s * b1;                       \
        s = f32x4_splat(a[2]);               \
        c20 += s * b0;                       \
        c21 += s * b1;                       \
        s = f32x4_splat(a[3]);               \
        c30 += s * b0;                       \
        c31 += s * b1;                       \
        a += 4;                              \
        b += 8;                              \
        __asm__("" : "+r"(a));               \
        __asm__("" : "+r"(b));               \
        if (__builtin_expect(a == end, 0)) { \
            break;                           \
        }                                    \
    }

void gemm_tile(uint32_t k, const float *a, const float *b, float *acc) {
    if (k == 0) {
        return;
    }
    f32x4        c00 = f32x4_load(acc);
    f32x4        c01 = f32x4_load(acc + 4);
    f32x4        c10 = f32x4_load(acc + 8);
    f32x4        c11 = f32x4_load(acc + 12);
    f32x4        c20 = f32x4_load(acc + 16);
    f32x4        c21 = f32x4_load(acc + 20);
    f32x4        c30 = f32x4_load(acc + 24);
    f32x4        c31 = f32x4_load(acc + 28);
    const float *end = a + (size_t)k * GEMM_MR;
    for (;;) {
        STEP STEP STEP STEP
    }
    f32x4_store(acc, c00);
    f32x4_store(acc + 4, c01);
    f32x4_store(acc + 8, c10);
    f32x4_store(acc + 12, c11);
    f32x4_store(acc + 16, c20);
    f32x4_store(acc + 20, c21);
    f32x4_store(acc + 24, c30);
    f32x4_store(acc + 28, c31);
}

void gemm_tile_reference(uint32_t k, const float *a, const float *b, float *acc) {
    for (uint32_t t = 0; t < k; t++) {
        for (uint32_t i = 0; i < GEMM_MR; i++) {
            for (uint32_t j = 0; j < GEMM_NR; j++) {
                acc[i * GEMM_NR + j] += a[t * GEMM_MR + i] * b[t * GEMM_NR + j];
            }
        }
    }
}

void gemm_pack_a(const float *src, size_t lda, uint32_t rows, uint32_t k, float *panel) {
    uint32_t t = 0;
    if (rows == GEMM_MR) {
        const float *r0 = src;
        const float *r1 = src + lda;
        const float *r2 = src + 2 * lda;
        const float *r3 = src + 3 * lda;
        for (; t + 4 <= k; t += 4) {
            const f32x4 a = f32x4_load(r0 + t);
            const f32x4 b = f32x4_load(r1 + t);
            const f32x4 c = f32x4_load(r2 + t);
            const f32x4 d = f32x4_load(r3 + t);
            float      *to = panel + (size_t)t * GEMM_MR;
            f32x4_store(to, (f32x4){a[0], b[0], c[0], d[0]});
            f32x4_store(to + 4, (f32x4){a[1], b[1], c[1], d[1]});
            f32x4_store(to + 8, (f32x4){a[2], b[2], c[2], d[2]});
            f32x4_store(to + 12, (f32x4){a[3], b[3], c[3], d[3]});
        }
    }
    for (; t < k; t++) {
        for (uint32_t i = 0; i < GEMM_MR; i++) {
            panel[(size_t)t * GEMM_MR + i] = i < rows ? src[i * lda + t] : 0.0f;
        }
    }
}

void gemm_pack_a_transposed(const float *src, size_t lda, uint32_t columns, uint32_t k,
                            float *panel) {
    for (uint32_t t = 0; t < k; t++) {
        const float *from = src + t * lda;
        float       *to = panel + (size_t)t * GEMM_MR;
        if (columns == GEMM_MR) {
            f32x4_store(to, f32x4_load(from));
        } else {
            for (uint32_t i = 0; i < GEMM_MR; i++) {
                to[i] = i < columns ? from[i] : 0.0f;
            }
        }
    }
}

void gemm_pack_b(const float *src, size_t ldb, uint32_t columns, uint32_t k, float *panel) {
    for (uint32_t t = 0; t < k; t++) {
        const float *from = src + t * ldb;
        float       *to = panel + (size_t)t * GEMM_NR;
        if (columns == GEMM_NR) {
            f32x4_store(to, f32x4_load(from));
            f32x4_store(to + 4, f32x4_load(from + 4));
        } else {
            for (uint32_t j = 0; j < GEMM_NR; j++) {
                to[j] = j < columns ? from[j] : 0.0f;
            }
        }
    }
}

typedef struct {
    uint32_t     m, n, k;
    const float *a, *b;
    size_t       lda, ldb, ldc;
    float       *c, *panels_a, *panels_b;
    uint32_t     k0, kn; /* the block of k at hand */
} product;

static uint32_t ceil_div(uint32_t a, uint32_t b) {
    return a / b + (a % b != 0);
}

static uint32_t min_u32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static void pack_b_block(void *ctx, uint32_t p) {
    const product *g = ctx;
    gemm_pack_b(g->b + g->k0 * g->ldb + p * GEMM_NR, g->ldb, min_u32(GEMM_NR, g->n - p * GEMM_NR),
                g->kn, g->panels_b + (size_t)p * GEMM_NR * g->kn);
}

/* One block of MC rows, all columns. */
static void rows_block(void *ctx, uint32_t block) {
    const product *g = ctx;
    const uint32_t first = block * MC;
    const uint32_t rows = min_u32(MC, g->m - first);
    float         *pa = g->panels_a + (size_t)first * g->kn;
    for (uint32_t r = 0; r < rows; r += GEMM_MR) {
        gemm_pack_a(g->a + (first + r) * g->lda + g->k0, g->lda, min_u32(GEMM_MR, rows - r), g->kn,
                    pa + (size_t)r * g->kn);
    }
    for (uint32_t j = 0; j < g->n; j += GEMM_NR) {
        const float   *pb = g->panels_b + (size_t)j * g->kn;
        const uint32_t columns = min_u32(GEMM_NR, g->n - j);
        for (uint32_t r = 0; r < rows; r += GEMM_MR) {
            _Alignas(16) float acc[GEMM_MR * GEMM_NR] = {0};
            const uint32_t     valid = min_u32(GEMM_MR, rows - r);
            float             *c = g->c + (first + r) * g->ldc + j;
            for (uint32_t i = 0; i < valid && g->k0 > 0; i++) {
                memcpy(acc + i * GEMM_NR, c + i * g->ldc, columns * sizeof(float));
            }
            gemm_tile(g->kn, pa + (size_t)r * g->kn, pb, acc);
            for (uint32_t i = 0; i < valid; i++) {
                memcpy(c + i * g->ldc, acc + i * GEMM_NR, columns * sizeof(float));
            }
        }
    }
}

static size_t lay_out(mem_layout *l, uint32_t m, uint32_t n, uint32_t k, product *g) {
    const uint32_t kn = min_u32(k, KC);
    g->panels_a = mem_part(l, (size_t)ceil_div(m, GEMM_MR) * GEMM_MR, kn * sizeof(float));
    g->panels_b = mem_part(l, (size_t)ceil_div(n, GEMM_NR) * GEMM_NR, kn * sizeof(float));
    return l->size;
}

size_t gemm_workspace(uint32_t m, uint32_t n, uint32_t k) {
    mem_layout l = {NULL, 0};
    product    g;
    return lay_out(&l, m, n, k, &g);
}

void gemm(uint32_t m, uint32_t n, uint32_t k, const float *a, size_t lda, const float *b,
          size_t ldb, float *c, size_t ldc, void *workspace) {
    product g = {
        .m = m, .n = n, .k = k, .a = a, .b = b, .lda = lda, .ldb = ldb, .ldc = ldc, .c = c};
    mem_layout l = {workspace, 0};
    lay_out(&l, m, n, k, &g);
    if (k == 0) {
        for (uint32_t i = 0; i < m; i++) {
            memset(c + i * ldc, 0, n * sizeof(float));
        }
    }
    for (g.k0 = 0; g.k0 < k; g.k0 += KC) {
        g.kn = min_u32(KC, k - g.k0);
        par_for(ceil_div(n, GEMM_NR), pack_b_block, &g);
        par_for(ceil_div(m, MC), rows_block, &g);
    }
}
