#include "math/matrix.h"

void matrix_row(const matrix *x, uint32_t row, float *dst) {
    const size_t at = (size_t)row * x->stride;
    if (x->dtype == MATRIX_U8) {
        const uint8_t *src = (const uint8_t *)x->data + at;
        for (uint32_t j = 0; j < x->d; j++) {
            dst[j] = (float)src[j];
        }
    } else {
        const float *src = (const float *)x->data + at;
        for (uint32_t j = 0; j < x->d; j++) {
            dst[j] = src[j];
        }
    }
    if (x->scale != NULL) {
        for (uint32_t j = 0; j < x->d; j++) {
            dst[j] *= x->scale[j];
        }
    }
    if (x->shift != NULL) {
        for (uint32_t j = 0; j < x->d; j++) {
            dst[j] += x->shift[j];
        }
    }
}
