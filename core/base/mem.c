#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* In front of each block: its size and the pointer that malloc gave. */
typedef struct {
    void  *raw;
    size_t bytes;
} mem_header;

static size_t   in_use;
static size_t   peak;
static uint32_t fail_countdown;
static bool     fail_persistent;

bool mem_mul(size_t *out, size_t a, size_t b) {
    if (a != 0 && b != 0 && (a == SIZE_MAX || b == SIZE_MAX || a > SIZE_MAX / b)) {
        *out = SIZE_MAX;
        return false;
    }
    *out = a * b;
    return true;
}

bool mem_add(size_t *out, size_t a, size_t b) {
    if (a == SIZE_MAX || b == SIZE_MAX || a > SIZE_MAX - b) {
        *out = SIZE_MAX;
        return false;
    }
    *out = a + b;
    return true;
}

void mem_fail_nth(uint32_t nth, bool persistent) {
    fail_countdown = nth;
    fail_persistent = persistent;
}

static bool told_to_fail(void) {
    if (fail_countdown == 0) {
        return false;
    }
    if (fail_countdown == 1) {
        if (!fail_persistent) {
            fail_countdown = 0;
        }
        return true;
    }
    fail_countdown--;
    return false;
}

static mem_header *header_of(void *block) {
    return (mem_header *)(void *)((unsigned char *)block - sizeof(mem_header));
}

void *mem_alloc(size_t bytes) {
    size_t total;
    if (told_to_fail() || !mem_add(&total, bytes, MEM_ALIGN + sizeof(mem_header))) {
        return NULL;
    }
    unsigned char *raw = calloc(total, 1);
    if (raw == NULL) {
        return NULL;
    }
    const uintptr_t first = (uintptr_t)raw + sizeof(mem_header);
    const uintptr_t aligned = (first + MEM_ALIGN - 1u) & ~(uintptr_t)(MEM_ALIGN - 1u);
    unsigned char  *block = raw + (aligned - (uintptr_t)raw);
    mem_header     *h = header_of(block);
    h->raw = raw;
    h->bytes = bytes;
    in_use += bytes;
    if (in_use > peak) {
        peak = in_use;
    }
    return block;
}

void mem_free(void *block) {
    if (block == NULL) {
        return;
    }
    mem_header *h = header_of(block);
    in_use -= h->bytes;
    free(h->raw);
}

void *mem_realloc(void *block, size_t bytes) {
    /* Allocate, copy, free: realloc() does not keep the alignment. Callers grow by a factor, so the
     * copies add up to a constant a byte. */
    void *bigger = mem_alloc(bytes);
    if (bigger == NULL || block == NULL) {
        return bigger;
    }
    const size_t old = header_of(block)->bytes;
    memcpy(bigger, block, old < bytes ? old : bytes);
    mem_free(block);
    return bigger;
}

size_t mem_in_use(void) {
    return in_use;
}

size_t mem_peak(void) {
    return peak;
}

void mem_reset_peak(void) {
    peak = in_use;
}

void *mem_part(mem_layout *l, size_t count, size_t element) {
    size_t bytes;
    size_t padded;
    mem_mul(&bytes, count, element);
    if (!mem_add(&padded, bytes, MEM_ALIGN - 1u)) {
        l->size = SIZE_MAX;
        return NULL;
    }
    padded &= ~(size_t)(MEM_ALIGN - 1u);
    unsigned char *part = l->base != NULL ? l->base + l->size : NULL;
    mem_add(&l->size, l->size, padded);
    return part;
}
