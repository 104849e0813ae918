/* par_pthread.c: a persistent pool; blocks are handed out by an atomic counter.
 *
 * Native only (tests, benchmarks). A generation number under a mutex starts a round; the caller works
 * too, and waits until every block is done and every helper has left the round. */
#include "base/par.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define MAX_THREADS 64u

static struct {
    pthread_mutex_t lock;
    pthread_cond_t  start, idle;
    pthread_t       threads[MAX_THREADS];
    uint32_t        n_helpers; /* threads[0 .. n_helpers) are running */
    uint32_t        active;    /* helpers that have not left the current round */
    uint64_t        round;
    bool            stop;
    atomic_uint     next;
    uint32_t        n_blocks;
    void (*fn)(void *ctx, uint32_t block);
    void *ctx;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .start = PTHREAD_COND_INITIALIZER,
          .idle = PTHREAD_COND_INITIALIZER};

static void work(void) {
    for (;;) {
        const uint32_t b = atomic_fetch_add(&pool.next, 1u);
        if (b >= pool.n_blocks) {
            return;
        }
        pool.fn(pool.ctx, b);
    }
}

static void *helper(void *seen) {
    uint64_t round = (uint64_t)(uintptr_t)seen;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (!pool.stop && pool.round == round) {
            pthread_cond_wait(&pool.start, &pool.lock);
        }
        if (pool.stop) {
            break;
        }
        round = pool.round;
        pthread_mutex_unlock(&pool.lock);
        work();
        pthread_mutex_lock(&pool.lock);
        if (--pool.active == 0) {
            pthread_cond_signal(&pool.idle);
        }
    }
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

void par_set_threads(uint32_t n) {
    const uint32_t wanted = n == 0 ? 0 : (n > MAX_THREADS ? MAX_THREADS : n) - 1u;
    pthread_mutex_lock(&pool.lock);
    pool.stop = true;
    pthread_cond_broadcast(&pool.start);
    pthread_mutex_unlock(&pool.lock);
    for (uint32_t i = 0; i < pool.n_helpers; i++) {
        pthread_join(pool.threads[i], NULL);
    }
    pool.n_helpers = 0;
    pool.stop = false;
    for (uint32_t i = 0; i < wanted; i++) {
        void *round = (void *)(uintptr_t)pool.round;
        if (pthread_create(&pool.threads[i], NULL, helper, round) != 0) {
            break;
        }
        pool.n_helpers++;
    }
}

uint32_t par_threads(void) {
    return pool.n_helpers + 1u;
}

void par_for(uint32_t n_blocks, void (*fn)(void *ctx, uint32_t block), void *ctx) {
    if (pool.n_helpers == 0 || n_blocks < 2) {
        for (uint32_t b = 0; b < n_blocks; b++) {
            fn(ctx, b);
        }
        return;
    }
    pthread_mutex_lock(&pool.lock);
    pool.fn = fn;
    pool.ctx = ctx;
    pool.n_blocks = n_blocks;
    atomic_store(&pool.next, 0u);
    pool.active = pool.n_helpers;
    pool.round++;
    pthread_cond_broadcast(&pool.start);
    pthread_mutex_unlock(&pool.lock);
    work();
    pthread_mutex_lock(&pool.lock);
    while (pool.active != 0) {
        pthread_cond_wait(&pool.idle, &pool.lock);
    }
    pthread_mutex_unlock(&pool.lock);
}
