/* Recurrent layers over time and what is pooled of their states, in single precision: one call for
 * all steps, forward or backward.
 *
 * Plain C with the vector types of GCC and Clang; no header of Python's or torch's, so that it
 * builds anywhere and fits any of their versions. library.py loads it.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Rows of the batch that go through time together: what they need of a step stays in the cache. */
#define CHUNK 48
/* Rows, of several steps, whose part in the weights' gradients is added up at once; from CHUNK. */
#define TOGETHER 96

enum { LSTM, GRU };

/* A layer and a batch; library.py has the same. Rows of weights are torch's. */
struct scan {
    long cell, batch, time, inputs, hidden;
    const float *weight_ih, *weight_hh, *bias_ih, *bias_hh;
    float *packed; /* the weights as pack_forward or pack_backward lays them */
    const float *x; /* (batch, time, inputs) */
    long x_row, x_step;
    float *steps;  /* (time + 1, batch, width) */
    float *memory; /* LSTM: (time + 1, batch, units); (batch, units) without gates */
    /* (time, batch * 4 * units), or none where nothing is to be differentiated. Rows that go through
     * time together are laid out block by block of units, each with the rows' gates one behind the
     * other, so that they are written in the order of memory; backward is to be called with the
     * same first and last rows as forward. */
    float *gates;
    const float *grad; /* (batch, time, hidden) */
    long grad_row, grad_step;
    long last_only;      /* whether only the last state of each sequence has a gradient */
    /* (batch,), or none where all sequences fill the batch; for last_only */
    const int64_t *lengths;
    float *grad_x;       /* (batch, time, inputs), or none */
    long resumes;  /* whether to go on from the last row of steps, and from memory; without gates */
};

/* States of all steps and what feeds the output of them; library.py has the same. Each step is
 * normalised over its features, times weight, plus bias, and multiplied by factors, such as those of
 * dropout; then some of its last state, mean and largest over time stand side by side. */
struct summary {
    long time, features;
    long ahead;          /* features of the forward direction, the first */
    const float *states; /* (batch, time, features) */
    long row, step;
    const int64_t *lengths;     /* (batch,), or none where all sequences fill the batch */
    const float *weight, *bias; /* (features,), or none */
    float *moments;             /* (batch, time, 2): mean and one over the deviation, with weight */
    const float *factors;       /* (batch, time, features), or none */
    float *pooled;              /* (batch, columns) */
    long columns;
    long last, mean, max; /* the column where each begins, -1 where it is not asked for */
    const float *grad;        /* (batch, columns) */
    float *grad_states;       /* (batch, time, features) */
    float epsilon;            /* added to the variance */
};

/* The step at which a direction has seen the whole sequence. */
static inline long last_step(const struct summary *s, long time, long feature)
{
    return feature < s->ahead ? time - 1 : 0;
}

static inline long least(long a, long b) { return a < b ? a : b; }
static inline long round_up(long n, long to) { return (n + to - 1) / to * to; }

/* How many vectors of a row of columns are multiplied together. */
static inline long block(long columns, long lanes)
{
    return columns >= 4 * lanes ? 4 : columns >= 2 * lanes ? 2 : 1;
}

/* Which of torch's blocks of rows a gate has in each weight matrix, -1 for none. The GRU's third
 * gate is the candidate's input part, its fourth the recurrent one. */
static const int RECURRENT_BLOCK[][4] = {{0, 1, 2, 3}, {0, 1, -1, 2}};
static const int INPUT_BLOCK[][4] = {{0, 1, 2, 3}, {0, 1, 2, -1}};

/* What the sums of gates are multiplied by, their weights beforehand, so that powers of 2 can be
 * taken of them: sigmoid(x) = 1 / (1 + 2^(-log2(e) x)), tanh(x) = 1 - 2 / (1 + 2^(2 log2(e) x)). */
#define SIGMOID_UNIT -1.44269504f
#define TANH_UNIT 2.88539008f

static inline float gate_unit(long cell, long gate)
{
    const int squashed = cell == LSTM ? gate == 2 : gate >= 2; /* by tanh */
    return squashed ? TANH_UNIT : SIGMOID_UNIT;
}

static inline long weight_row(const struct scan *s, const int table[][4], long gate, long unit)
{
    const int number = table[s->cell][gate];
    return number < 0 ? -1 : number * s->hidden + unit;
}

/* Numbers too small to be normal take some processors a hundred times as long. States that fade and
 * gradients that vanish are full of them: a call takes them for zero, in this thread, and puts the
 * processor's mode back. */
#if defined(__x86_64__)
#include <immintrin.h>

typedef unsigned mode;
static inline mode flush_subnormals(void)
{
    const mode before = _mm_getcsr();
    _mm_setcsr(before | 0x8040); /* results, and operands */
    return before;
}
static inline void restore_mode(mode before) { _mm_setcsr(before); }

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define SMALLER _mm512_min_ps
#define LARGER _mm512_max_ps
#define LANES 16
#define ROWS 6
#define NAME(x) x##_avx512
#define SUPPORTED                                                               \
    (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && \
     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
#include "instruction_set.h"

#define TARGET __attribute__((target("avx2,fma")))
#define SMALLER _mm256_min_ps
#define LARGER _mm256_max_ps
#define LANES 8
#define ROWS 3
#define NAME(x) x##_avx2
#define SUPPORTED (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#include "instruction_set.h"

#elif defined(__aarch64__)
#include <arm_neon.h>

typedef unsigned long mode;
static inline void restore_mode(mode before) { __asm__ volatile("msr fpcr, %0" ::"r"(before)); }
static inline mode flush_subnormals(void)
{
    mode before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    restore_mode(before | 1ul << 24);
    return before;
}

#define TARGET
#define SMALLER vminq_f32
#define LARGER vmaxq_f32
#define LANES 4
#define ROWS 6
#define NAME(x) x##_neon
#define SUPPORTED 1
#include "instruction_set.h"

#endif
