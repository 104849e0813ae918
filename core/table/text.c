#include "table/text.h"

#include "base/mem.h"

#include <string.h>

static uint32_t hash_of(const uint8_t *s, size_t n) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ s[i]) * 16777619u;
    }
    return h ^ (h >> 15);
}

static bool grow(void **block, size_t count, size_t element) {
    size_t bytes;
    mem_mul(&bytes, count, element);
    void *bigger = mem_realloc(*block, bytes);
    if (bigger == NULL) {
        return false;
    }
    *block = bigger;
    return true;
}

static status grow_slots(text *t) {
    const uint32_t slots = t->slots == 0 ? 64 : t->slots * 2;
    uint32_t      *slot = mem_alloc((size_t)slots * sizeof *slot);
    if (slot == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t at = hash_of(t->bytes + t->start[i], t->start[i + 1] - t->start[i]) & (slots - 1);
        while (slot[at] != 0) {
            at = (at + 1) & (slots - 1);
        }
        slot[at] = i + 1;
    }
    mem_free(t->slot);
    t->slot = slot;
    t->slots = slots;
    return STATUS_OK;
}

static status make_room(text *t, size_t n) {
    const size_t used = t->n == 0 ? 0 : t->start[t->n];
    if (n > UINT32_MAX - used || t->n >= UINT32_MAX / 4) {
        return STATUS_TOO_LARGE;
    }
    if (t->bytes == NULL || used + n > t->bytes_capacity) {
        const size_t want = used + n + (used + n) / 2 + 64;
        void        *bytes = t->bytes;
        if (!grow(&bytes, want, 1)) {
            return STATUS_NO_MEMORY;
        }
        t->bytes = bytes;
        t->bytes_capacity = want;
    }
    if (t->n == t->capacity) {
        const uint32_t want = t->capacity + t->capacity / 2 + 16;
        void          *start = t->start;
        void          *count = t->count;
        /* Growing the first and not the second is harmless: the capacity says what both have. */
        if (!grow(&start, (size_t)want + 1, sizeof *t->start)) {
            return STATUS_NO_MEMORY;
        }
        t->start = start;
        if (!grow(&count, want, sizeof *t->count)) {
            return STATUS_NO_MEMORY;
        }
        t->count = count;
        t->capacity = want;
    }
    return STATUS_OK;
}

status text_add(text *t, const uint8_t *s, size_t n, uint32_t *code, bool *fresh) {
    if (t->slots == 0 || t->n >= t->slots / 4 * 3) {
        TRY(grow_slots(t));
    }
    uint32_t at = hash_of(s, n) & (t->slots - 1);
    for (; t->slot[at] != 0; at = (at + 1) & (t->slots - 1)) {
        const uint32_t i = t->slot[at] - 1;
        const uint32_t from = t->start[i];
        if (t->start[i + 1] - from == n && memcmp(t->bytes + from, s, n) == 0) {
            t->count[i]++;
            *code = i;
            *fresh = false;
            return STATUS_OK;
        }
    }
    TRY(make_room(t, n));
    const uint32_t from = t->n == 0 ? 0 : t->start[t->n];
    memcpy(t->bytes + from, s, n);
    t->start[t->n] = from;
    t->start[t->n + 1] = from + (uint32_t)n;
    t->count[t->n] = 1;
    t->slot[at] = t->n + 1;
    *code = t->n++;
    *fresh = true;
    return STATUS_OK;
}

const uint8_t *text_get(const text *t, uint32_t code, uint32_t *n) {
    *n = t->start[code + 1] - t->start[code];
    return t->bytes + t->start[code];
}

/* Stable bottom-up merge sort of numbers by falling count. */
static void sort_by_count(uint32_t *a, uint32_t *b, uint32_t n, const uint32_t *count) {
    for (uint32_t width = 1; width < n; width *= 2) {
        for (uint32_t low = 0; low < n; low += 2 * width) {
            const uint32_t mid = n - low < width ? n : low + width;
            const uint32_t end = n - low < 2 * width ? n : low + 2 * width;
            uint32_t       i = low;
            uint32_t       j = mid;
            for (uint32_t k = low; k < end; k++) {
                const bool left = i < mid && (j >= end || count[a[i]] >= count[a[j]]);
                b[k] = left ? a[i++] : a[j++];
            }
        }
        memcpy(a, b, (size_t)n * sizeof *a);
    }
}

status text_sort(text *t, uint32_t *order) {
    if (t->n == 0) {
        return STATUS_OK;
    }
    const size_t used = t->start[t->n];
    uint8_t     *bytes = mem_alloc(used);
    uint32_t    *start = mem_alloc(((size_t)t->capacity + 1) * sizeof *start);
    uint32_t    *count = mem_alloc((size_t)t->capacity * sizeof *count);
    uint32_t    *rank = mem_alloc((size_t)t->n * 2 * sizeof *rank);
    if (bytes == NULL || start == NULL || count == NULL || rank == NULL) {
        mem_free(bytes);
        mem_free(start);
        mem_free(count);
        mem_free(rank);
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < t->n; i++) {
        rank[i] = i;
    }
    sort_by_count(rank, rank + t->n, t->n, t->count);
    for (uint32_t i = 0; i < t->n; i++) {
        const uint32_t old = rank[i];
        const uint32_t length = t->start[old + 1] - t->start[old];
        memcpy(bytes + start[i], t->bytes + t->start[old], length);
        start[i + 1] = start[i] + length;
        count[i] = t->count[old];
        order[old] = i;
    }
    for (uint32_t at = 0; at < t->slots; at++) {
        if (t->slot[at] != 0) {
            t->slot[at] = order[t->slot[at] - 1] + 1;
        }
    }
    mem_free(rank);
    mem_free(t->bytes);
    mem_free(t->start);
    mem_free(t->count);
    t->bytes = bytes;
    t->bytes_capacity = used;
    t->start = start;
    t->count = count;
    return STATUS_OK;
}

size_t text_memory(const text *t) {
    return t->bytes_capacity + (size_t)t->capacity * 8 + (size_t)t->slots * 4;
}

void text_clear(text *t) {
    mem_free(t->bytes);
    mem_free(t->start);
    mem_free(t->count);
    mem_free(t->slot);
    memset(t, 0, sizeof *t);
}
