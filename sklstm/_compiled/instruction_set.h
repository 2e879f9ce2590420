/* All kernels for one instruction set.
 *
 * Included once for each set, with TARGET (the compiler's attribute for it), SUPPORTED (whether this
 * processor has it), SMALLER and LARGER (its minimum and maximum of vectors, the second where one
 * is NaN), LANES (floats of a vector), ROWS (rows of a tile of the matrix products, so
 * many that its sums fill the registers) and NAME(x) (x with the set's suffix).
 */

#define INLINE static inline __attribute__((always_inline)) TARGET
/* Products stay apart: among other code the compiler has no registers for all of their sums. */
#define APART static __attribute__((noinline)) TARGET
#define EXPORT __attribute__((visibility("default"))) TARGET
#define VEC NAME(vec)
#define INTS NAME(ints)
typedef float VEC __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef unsigned INTS __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define load(p) (*(const VEC *)(p))
#define store(p, v) (*(VEC *)(p) = (v))

/* Floats of a vector; 0 where the processor does not have this instruction set, or the caller has
 * structures of other sizes than these. */
EXPORT long NAME(lanes)(long scan, long summary)
{
    const int same = scan == sizeof(struct scan) && summary == sizeof(struct summary);
    return SUPPORTED && same ? LANES : 0;
}

/* The n floats from p on, at most a vector of them, with zeros behind; and the way back. */
INLINE VEC NAME(load_part)(const float *p, long n)
{
    VEC v = {0};
    if (n >= LANES)
        return load(p);
    memcpy(&v, p, sizeof(float) * n);
    return v;
}

INLINE void NAME(store_part)(float *p, VEC v, long n)
{
    if (n >= LANES)
        store(p, v);
    else
        memcpy(p, &v, sizeof(float) * n);
}

#include "scan.h"
#include "summary.h"

#undef TARGET
#undef SUPPORTED
#undef SMALLER
#undef LARGER
#undef LANES
#undef ROWS
#undef NAME
#undef INLINE
#undef APART
#undef EXPORT
#undef load
#undef store
#undef VEC
#undef INTS
