/* A recurrent layer over time, forward and backward, for one instruction set.
 *
 * Included once for each set, with TARGET (the compiler's attribute for it), SUPPORTED (whether this
 * processor has it), LANES (floats of a vector), ROWS (rows of a tile of the matrix products, so
 * many that its sums fill the registers) and NAME(x) (x with the set's suffix).
 *
 * Every cell is told as four gates of as many units each; a unit's four sums are one tile's, so
 * that the cell is computed where its sums are. Names of shapes:
 *   units   hidden units, rounded up to LANES with units that stay 0
 *   width   units + inputs + 1: a row of `steps` is (state before the step | input | 1), so that
 *           bias, input and recurrent weights are one matrix
 *   gates   4 * units, ordered (block of LANES units, gate, lane)
 */

#define INLINE static inline __attribute__((always_inline)) TARGET
#define EXPORT __attribute__((visibility("default"))) TARGET
#define VEC NAME(vec)
#define INTS NAME(ints)
typedef float VEC __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int INTS __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define load(p) (*(const VEC *)(p))
#define store(p, v) (*(VEC *)(p) = (v))

INLINE VEC NAME(choose)(INTS mask, VEC yes, VEC no)
{
    return (VEC)((mask & (INTS)yes) | (~mask & (INTS)no));
}

/* e^x - 1 = scale * p + (scale - 1) with x = n ln 2 + r, scale = 2^n, p = e^r - 1. Exact to a few
 * units in the last place also near 0, where p is all there is; a NaN stays one. */
INLINE VEC NAME(expm1_parts)(VEC x, VEC *scale)
{
    const VEC zero = {0}, low = zero - 87.0f, high = zero + 87.0f;
    x = NAME(choose)(x < low, low, x);
    x = NAME(choose)(x > high, high, x);
    const float to_int = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    VEC shifted = x * 1.44269504f + to_int, n = shifted - to_int;
    VEC r = x - n * 0.693145752f; /* ln 2 in two parts */
    r = r - n * 1.42860677e-6f;
    VEC p = r * (1.0f / 5040) + 1.0f / 720; /* Taylor's series, enough for |r| <= ln 2 / 2 */
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    *scale = (VEC)(((INTS)shifted + 127) << 23);
    return p * (r * r) + r;
}

INLINE VEC NAME(sigmoid)(VEC x)
{
    VEC scale, p = NAME(expm1_parts)(-x, &scale);
    return 1.0f / (p * scale + scale + 1.0f);
}

INLINE VEC NAME(tanh)(VEC x)
{
    VEC scale, p = NAME(expm1_parts)(x + x, &scale), e = p * scale + (scale - 1.0f);
    return e / (e + 2.0f);
}

/* sums[m][v] += a[m * a_row + p * a_step] * b[p * b_step + v * LANES ...] over p < depth */
INLINE void NAME(multiply)(const int rows, const int vecs, VEC sums[ROWS][4], const float *a,
                           long a_row, long a_step, const float *b, long b_step, long depth)
{
    for (long p = 0; p < depth; p++, a += a_step, b += b_step) {
        VEC right[4];
        UNROLL for (int v = 0; v < vecs; v++) right[v] = load(b + v * LANES);
        UNROLL for (int m = 0; m < rows; m++) {
            const VEC left = a[m * a_row] - (VEC){0};
            UNROLL for (int v = 0; v < vecs; v++) sums[m][v] += left * right[v];
        }
    }
}

INLINE void NAME(product)(const int rows, const int vecs, const int add, const float *a, long a_row,
                          long a_step, const float *b, long b_step, long depth, float *out,
                          long out_row)
{
    VEC sums[ROWS][4] = {{{0}}};
    if (add)
        UNROLL for (int m = 0; m < rows; m++)
            UNROLL for (int v = 0; v < vecs; v++) sums[m][v] = load(out + m * out_row + v * LANES);
    NAME(multiply)(rows, vecs, sums, a, a_row, a_step, b, b_step, depth);
    UNROLL for (int m = 0; m < rows; m++)
        UNROLL for (int v = 0; v < vecs; v++) store(out + m * out_row + v * LANES, sums[m][v]);
}

/* A tile's number of rows must be known to the compiler: its sums then stay in registers. */
#define TILE(n, call) case n: { enum { R = n }; call; } break;
#if ROWS == 6
#define TILES(rows, call) \
    switch (rows) { TILE(1, call) TILE(2, call) TILE(3, call) TILE(4, call) TILE(5, call) TILE(6, call) }
#else
#define TILES(rows, call) switch (rows) { TILE(1, call) TILE(2, call) TILE(3, call) }
#endif

/* weight_grads (width, gates) += steps' * gate_grads, over n rows of the batch */
static TARGET void NAME(add_weight_grads)(long n, long width, long gates, const float *steps,
                                   const float *gate_grads, float *weight_grads)
{
    for (long g = 0; g < gates; g += 4 * LANES)
        for (long k = 0; k < width; k += ROWS)
            TILES(least(ROWS, width - k),
                  NAME(product)(R, 4, 1, steps + k, 1, width, gate_grads + g, gates, n,
                                weight_grads + k * gates + g, gates))
}

/* step_grads (n, columns) = gate_grads (n, gates) * packed, in blocks of 4, 2 and 1 vectors */
static TARGET void NAME(step_gradients)(long n, long gates, long columns, const float *gate_grads,
                                 const float *packed, float *step_grads)
{
    for (long j = 0, vecs; j < columns; j += vecs * LANES) {
        vecs = block(columns - j, LANES);
        for (long r = 0; r < n; r += ROWS) {
            const float *a = gate_grads + r * gates, *b = packed + j * gates;
            float *out = step_grads + r * columns + j;
            const long rows = least(ROWS, n - r);
            if (vecs == 4)
                TILES(rows, NAME(product)(R, 4, 0, a, gates, 1, b, 4 * LANES, gates, out, columns))
            else if (vecs == 2)
                TILES(rows, NAME(product)(R, 2, 0, a, gates, 1, b, 2 * LANES, gates, out, columns))
            else
                TILES(rows, NAME(product)(R, 1, 0, a, gates, 1, b, LANES, gates, out, columns))
        }
    }
}

/* One step of a tile of rows and LANES units. */
INLINE void NAME(cell_forward)(const int cell, const int rows, const float *steps, long width,
                               const float *packed, const float *state, float *next_state,
                               float *memory, long at, long memory_step, long units, float *gates)
{
    VEC sums[ROWS][4] = {{{0}}};
    NAME(multiply)(rows, 4, sums, steps, width, 1, packed, 4 * LANES, width);
    UNROLL for (int m = 0; m < rows; m++) {
        VEC kept[4];
        kept[0] = NAME(sigmoid)(sums[m][0]);
        kept[1] = NAME(sigmoid)(sums[m][1]);
        if (cell == LSTM) { /* input, forget, candidate, output */
            kept[2] = NAME(tanh)(sums[m][2]);
            kept[3] = NAME(sigmoid)(sums[m][3]);
            float *old = memory + at + m * units;
            VEC c = kept[1] * load(old) + kept[0] * kept[2];
            store(old + memory_step, c);
            store(next_state + m * width, kept[3] * NAME(tanh)(c));
        } else { /* reset, update, candidate, recurrent part of the candidate */
            kept[3] = sums[m][3];
            kept[2] = NAME(tanh)(sums[m][2] + kept[0] * kept[3]);
            store(next_state + m * width,
                  kept[2] + kept[1] * (load(state + m * width) - kept[2]));
        }
        if (gates)
            UNROLL for (int g = 0; g < 4; g++)
                store(gates + m * 4 * units + g * LANES, kept[g]);
    }
}

INLINE void NAME(forward_rows)(const int cell, const struct scan *s, long first, long n)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    const long memory_step = s->gates ? s->batch * units : 0; /* without a tape, in its place */
    memset(s->steps + first * width, 0, sizeof(float) * n * width);
    if (cell == LSTM)
        memset(s->memory + first * units, 0, sizeof(float) * n * units);
    for (long t = 0; t < s->time; t++) {
        float *steps = s->steps + (t * s->batch + first) * width, *next = steps + s->batch * width;
        float *memory = cell == LSTM ? s->memory + t * memory_step + first * units : 0;
        float *gates = s->gates ? s->gates + (t * s->batch + first) * 4 * units : 0;
        for (long r = 0; r < n; r++) {
            memcpy(steps + r * width + units, s->x + (first + r) * s->x_row + t * s->x_step,
                   sizeof(float) * s->inputs);
            steps[(r + 1) * width - 1] = 1;
        }
        for (long u = 0; u < units; u += LANES)
            for (long r = 0; r < n; r += ROWS) {
                const float *row = steps + r * width;
                const long at = r * units + u;
                TILES(least(ROWS, n - r),
                      NAME(cell_forward)(cell, R, row, width, s->packed + u * 4 * width, row + u,
                                         next + r * width + u, memory, at, memory_step, units,
                                         gates ? gates + at * 4 : 0))
            }
    }
}

/* From the gradient of a step's state to those of its gates' sums. `carry` brings what reaches
 * the state before past the gates: the LSTM's memory's gradient, the GRU's share of the state. */
INLINE void NAME(cell_backward)(const int cell, const float *gates, const float *state,
                                const float *memory, long at, long memory_step, VEC grad,
                                float *carry, float *gate_grads)
{
    const VEC a = load(gates), b = load(gates + LANES);
    const VEC candidate = load(gates + 2 * LANES), d = load(gates + 3 * LANES);
    if (cell == LSTM) {
        const VEC squashed = NAME(tanh)(load(memory + at + memory_step));
        const VEC inner = load(carry) + grad * d * (1.0f - squashed * squashed);
        store(gate_grads, inner * candidate * (a - a * a));
        store(gate_grads + LANES, inner * load(memory + at) * (b - b * b));
        store(gate_grads + 2 * LANES, inner * a * (1.0f - candidate * candidate));
        store(gate_grads + 3 * LANES, grad * squashed * (d - d * d));
        store(carry, inner * b);
    } else {
        grad += load(carry);
        const VEC inner = grad * (1.0f - b) * (1.0f - candidate * candidate);
        store(gate_grads, inner * d * (a - a * a));
        store(gate_grads + LANES, grad * (load(state) - candidate) * (b - b * b));
        store(gate_grads + 2 * LANES, inner);
        store(gate_grads + 3 * LANES, inner * a);
        store(carry, grad * b);
    }
}

INLINE void NAME(backward_rows)(const int cell, const struct scan *s, long first, long n,
                                float *weight_grads, float *scratch)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    const long columns = units + (s->grad_x ? round_up(s->inputs, LANES) : 0);
    float *gate_grads = scratch, *step_grads = gate_grads + n * 4 * units;
    float *carry = step_grads + n * columns;
    memset(step_grads, 0, sizeof(float) * n * (columns + units));
    for (long t = s->time - 1; t >= 0; t--) {
        const float *steps = s->steps + (t * s->batch + first) * width;
        const float *gates = s->gates + (t * s->batch + first) * 4 * units;
        const float *memory = cell == LSTM ? s->memory + (t * s->batch + first) * units : 0;
        for (long r = 0; r < n; r++) {
            const float *given = s->grad + (first + r) * s->grad_row + t * s->grad_step;
            for (long u = 0; u < units; u += LANES) {
                const long at = r * units + u;
                VEC grad = {0};
                if (u + LANES <= s->hidden)
                    grad = load(given + u);
                else
                    memcpy(&grad, given + u, sizeof(float) * (s->hidden - u));
                grad += load(step_grads + r * columns + u);
                NAME(cell_backward)(cell, gates + at * 4, steps + r * width + u, memory, at,
                                    s->batch * units, grad, carry + at, gate_grads + at * 4);
            }
        }
        NAME(add_weight_grads)(n, width, 4 * units, steps, gate_grads, weight_grads);
        NAME(step_gradients)(n, 4 * units, columns, gate_grads, s->packed, step_grads);
        if (s->grad_x)
            for (long r = 0; r < n; r++)
                memcpy(s->grad_x + ((first + r) * s->time + t) * s->inputs,
                       step_grads + r * columns + units, sizeof(float) * s->inputs);
    }
}

/* Place of a unit's gate in a row of gates. */
#define PLACE(u, g) ((u) / LANES * 4 * LANES + (g) * LANES + (u) % LANES)

/* Floats of a vector; 0 where the processor does not have this instruction set. */
EXPORT long NAME(lanes)(void) { return SUPPORTED ? LANES : 0; }

EXPORT void NAME(pack_forward)(const struct scan *s)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    memset(s->packed, 0, sizeof(float) * width * 4 * units);
    for (long g = 0; g < 4; g++)
        for (long u = 0; u < s->hidden; u++) {
            const long row_h = weight_row(s, RECURRENT_BLOCK, g, u);
            const long row_x = weight_row(s, INPUT_BLOCK, g, u);
            float *to = s->packed + u / LANES * 4 * LANES * width + g * LANES + u % LANES;
            for (long k = 0; row_h >= 0 && k < s->hidden; k++)
                to[k * 4 * LANES] = s->weight_hh[row_h * s->hidden + k];
            to += units * 4 * LANES;
            for (long k = 0; row_x >= 0 && k < s->inputs; k++)
                to[k * 4 * LANES] = s->weight_ih[row_x * s->inputs + k];
            to[s->inputs * 4 * LANES] =
                (row_h >= 0 ? s->bias_hh[row_h] : 0) + (row_x >= 0 ? s->bias_ih[row_x] : 0);
        }
}

EXPORT void NAME(forward)(const struct scan *s, long first, long last)
{
    for (long r = first; r < last; r += CHUNK)
        if (s->cell == LSTM)
            NAME(forward_rows)(LSTM, s, r, least(CHUNK, last - r));
        else
            NAME(forward_rows)(GRU, s, r, least(CHUNK, last - r));
}

EXPORT void NAME(pack_backward)(const struct scan *s)
{
    const long units = round_up(s->hidden, LANES);
    const long columns = units + (s->grad_x ? round_up(s->inputs, LANES) : 0);
    memset(s->packed, 0, sizeof(float) * columns * 4 * units);
    for (long j = 0, n; j < columns; j += n) {
        n = block(columns - j, LANES) * LANES;
        for (long g = 0; g < 4; g++)
            for (long u = 0; u < s->hidden; u++) {
                const long row_h = weight_row(s, RECURRENT_BLOCK, g, u);
                const long row_x = weight_row(s, INPUT_BLOCK, g, u);
                float *to = s->packed + j * 4 * units + PLACE(u, g) * n;
                for (long k = j; row_h >= 0 && k < least(j + n, s->hidden); k++)
                    to[k - j] = s->weight_hh[row_h * s->hidden + k];
                for (long k = j < units ? units : j;
                     row_x >= 0 && k < least(j + n, units + s->inputs); k++)
                    to[k - j] = s->weight_ih[row_x * s->inputs + k - units];
            }
    }
}

/* Floats that `backward` needs: the sum of the weights' gradients first, then a chunk's own. */
EXPORT long NAME(workspace)(const struct scan *s)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    return width * 4 * units + CHUNK * (6 * units + round_up(s->inputs, LANES));
}

EXPORT void NAME(backward)(const struct scan *s, long first, long last, float *workspace)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    float *scratch = workspace + width * 4 * units;
    memset(workspace, 0, sizeof(float) * width * 4 * units);
    for (long r = first; r < last; r += CHUNK)
        if (s->cell == LSTM)
            NAME(backward_rows)(LSTM, s, r, least(CHUNK, last - r), workspace, scratch);
        else
            NAME(backward_rows)(GRU, s, r, least(CHUNK, last - r), workspace, scratch);
}

/* Add up the weights' gradients of all shards, in their order, and put them as torch has them. */
EXPORT void NAME(unpack)(const struct scan *s, float *workspaces, long n_shards, float *weight_ih,
                         float *weight_hh, float *bias_ih, float *bias_hh)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    const long gates = 4 * units, distance = NAME(workspace)(s);
    for (long shard = 1; shard < n_shards; shard++)
        for (long k = 0; k < width * gates; k++)
            workspaces[k] += workspaces[shard * distance + k];
    for (long g = 0; g < 4; g++)
        for (long u = 0; u < s->hidden; u++) {
            const long row_h = weight_row(s, RECURRENT_BLOCK, g, u);
            const long row_x = weight_row(s, INPUT_BLOCK, g, u);
            const float *from = workspaces + PLACE(u, g);
            for (long k = 0; row_h >= 0 && k < s->hidden; k++)
                weight_hh[row_h * s->hidden + k] = from[k * gates];
            for (long k = 0; row_x >= 0 && k < s->inputs; k++)
                weight_ih[row_x * s->inputs + k] = from[(units + k) * gates];
            if (row_h >= 0)
                bias_hh[row_h] = from[(width - 1) * gates];
            if (row_x >= 0)
                bias_ih[row_x] = from[(width - 1) * gates];
        }
}

#undef TARGET
#undef SUPPORTED
#undef LANES
#undef ROWS
#undef NAME
#undef INLINE
#undef EXPORT
#undef load
#undef store
#undef PLACE
#undef TILE
#undef TILES
#undef VEC
#undef INTS
