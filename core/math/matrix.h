/* matrix.h: typed rows, so that images stay bytes (70,000 x 784 is 55 MB, not 220). */
#ifndef MATRIX_H
#define MATRIX_H

#include <stddef.h>
#include <stdint.h>

typedef enum { MATRIX_F32 = 0, MATRIX_U8 = 1 } matrix_dtype;

/* A borrowed view of n rows of d features. */
typedef struct {
    const void *data;  /* row-major (n, d) of dtype */
    uint32_t    dtype; /* matrix_dtype */
    uint32_t    n, d;
    size_t      stride; /* elements between rows, >= d; for F32 a multiple of 4 with zero padding */
    const float *scale; /* (d) or NULL = 1: value = data * scale + shift */
    const float *shift; /* (d) or NULL = 0 */
} matrix;

/* Writes row `row` as d floats to dst. */
void matrix_row(const matrix *x, uint32_t row, float *dst);

#endif
