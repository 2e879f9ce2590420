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

#include "scan.h"

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
