/* A recurrent layer over time, forward and backward, for one instruction set.
 *
 * Every cell is told as four gates of as many units each; a unit's four sums are one tile's, so
 * that the cell is computed where its sums are. Names of shapes:
 *   units   hidden units, rounded up to LANES with units that stay 0
 *   width   units + inputs + 1: a row of `steps` is (state before the step | input | 1), so that
 *           bias, input and recurrent weights are one matrix
 *   gates   4 * units, ordered (block of LANES units, gate, lane)
 */

/* 2^x = scale * (1 + part), for x limited to +-31, behind which sigmoid and tanh have no more to say
 * and up to which the product of four 1 + 2^x is finite; a NaN stays one. scale = 2^n, n the whole
 * number next to x, and f what is left, at most 1/2. */
INLINE VEC NAME(whole_power)(VEC x, VEC *f)
{
    const VEC zero = {0}, limit = zero + 31.0f;
    /* adding 1.5 * 2^23 rounds to a whole number, in the last bits; with 127 it is an exponent */
    const float to_exponent = 12582912.0f + 127.0f;
    x = SMALLER(limit, LARGER(-limit, x));
    const VEC shifted = x + to_exponent;
    *f = x - (shifted - to_exponent);
    return (VEC)((INTS)shifted << 23);
}

/* 1 + 2^x, one over sigmoid for x = -log2(e) times its argument. 2^f is a polynomial of least
 * relative error, 9e-8, of which a sigmoid shows a quarter at most. */
INLINE VEC NAME(sigmoid_inverse)(VEC x)
{
    VEC f, scale = NAME(whole_power)(x, &f);
    VEC q = f * 0.0013264727f + 0.009671513f;
    q = q * f + 0.055507336f;
    q = q * f + 0.24022242f;
    q = q * f + 0.693147f;
    return q * f * scale + (scale + 1.0f);
}

/* 2^x - 1, of x = 2 log2(e) times the argument of tanh, which is this over itself + 2. The error
 * of 2^f - 1 is at most 1e-8 of itself, so that tanh is exact also near 0. */
INLINE VEC NAME(tanh_numerator)(VEC x)
{
    VEC f, scale = NAME(whole_power)(x, &f);
    VEC q = f * 0.00015403512f + 0.0013390736f;
    q = q * f + 0.0096182376f;
    q = q * f + 0.055503573f;
    q = q * f + 0.24022649f;
    q = q * f + 0.69314718f;
    return q * f * scale + (scale - 1.0f);
}

/* of x in the same unit */
INLINE VEC NAME(tanh)(VEC x)
{
    VEC e = NAME(tanh_numerator)(x);
    return e / (e + 2.0f);
}

/* Adds one product to sums that stay in registers:
 * sums[m][v] += sum over p < depth of a[m * a_row + p * a_step] * b[p * b_step + v * LANES ...] */
INLINE void NAME(accumulate)(const int rows, const int vecs, VEC sums[ROWS][4], const float *a,
                             long a_row, long a_step, const float *b, long b_step, long depth)
{
    for (long p = 0; p < depth; p++, a += a_step, b += b_step) {
        VEC left[ROWS]; /* with these and one vector of b the sums just fit the registers */
        UNROLL for (int m = 0; m < rows; m++) left[m] = a[m * a_row] - (VEC){0};
        UNROLL for (int v = 0; v < vecs; v++) {
            const VEC right = load(b + v * LANES);
            UNROLL for (int m = 0; m < rows; m++) sums[m][v] += left[m] * right;
        }
    }
}

/* out (rows, vecs) = sum over blocks of a[block] (rows, depth) * b[block] (depth, vecs), a tile */
INLINE void NAME(product)(const int rows, const int vecs, long blocks, long depth, const float *a,
                          long a_block, long a_row, const float *b, float *out, long out_row)
{
    VEC sums[ROWS][4] = {{{0}}};
    for (; blocks > 0; blocks--, a += a_block, b += depth * vecs * LANES)
        NAME(accumulate)(rows, vecs, sums, a, a_row, 1, b, vecs * LANES, depth);
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

/* gates (n, 4 * LANES) = steps (n, width) * packed (width, 4 * LANES) */
APART void NAME(gate_sums)(long n, long width, const float *steps, const float *packed,
                           float *gates)
{
    for (long r = 0; r < n; r += ROWS)
        TILES(least(ROWS, n - r),
              NAME(product)(R, 4, 1, width, steps + r * width, 0, width, packed,
                            gates + r * 4 * LANES, 4 * LANES))
}

/* out (rows, 4 vecs) += sum over steps t of a[t] (n, rows)' * b[t] (n, 4 vecs), in a tile */
INLINE void NAME(add_outer)(const int rows, long steps, long n, const float *a, long a_time,
                            long a_step, const float *b, long b_time, float *out, long out_row)
{
    VEC sums[ROWS][4];
    UNROLL for (int m = 0; m < rows; m++)
        UNROLL for (int v = 0; v < 4; v++) sums[m][v] = load(out + m * out_row + v * LANES);
    for (long t = 0; t < steps; t++, a += a_time, b += b_time)
        NAME(accumulate)(rows, 4, sums, a, 1, a_step, b, 4 * LANES, n);
    UNROLL for (int m = 0; m < rows; m++)
        UNROLL for (int v = 0; v < 4; v++) store(out + m * out_row + v * LANES, sums[m][v]);
}

/* weight_grads (width, gates) += states and inputs (steps, n, width), transposed, times gate_grads
 * (steps, blocks, n, 4 * LANES), of some steps at once: the sums do not fit the first cache */
APART void NAME(add_weight_grads)(long steps, long n, long width, long gates,
                                  const float *rows, long rows_time,
                                  const float *gate_grads, float *weight_grads)
{
    for (long g = 0; g < gates; g += 4 * LANES)
        for (long k = 0; k < width; k += ROWS)
            TILES(least(ROWS, width - k),
                  NAME(add_outer)(R, steps, n, rows + k, rows_time, width, gate_grads + g * n,
                                  gates * n, weight_grads + k * gates + g, gates))
}

/* step_grads (n, columns) = gate_grads (blocks, n, 4 * LANES) * packed, for 4, 2 and 1 vectors of
 * columns at a time */
APART void NAME(step_gradients)(long n, long blocks, long columns, const float *gate_grads,
                                const float *packed, float *step_grads)
{
    const long depth = 4 * LANES;
    for (long j = 0, vecs; j < columns; j += vecs * LANES) {
        vecs = block(columns - j, LANES);
        for (long r = 0; r < n; r += ROWS) {
            const float *a = gate_grads + r * depth, *b = packed + j * blocks * depth;
            float *out = step_grads + r * columns + j;
            const long rows = least(ROWS, n - r);
#define PRODUCT(vecs) \
    TILES(rows, NAME(product)(R, vecs, blocks, depth, a, n * depth, depth, b, out, columns))
            if (vecs == 4)
                PRODUCT(4)
            else if (vecs == 2)
                PRODUCT(2)
            else
                PRODUCT(1)
#undef PRODUCT
        }
    }
}

/* From the sums of a row's gates, over LANES units and in the units of `gate_unit`, to what the gates
 * let through, in the same place, and to the LSTM's next memory. One division serves all gates. The
 * GRU's candidate stays a sum. */
INLINE void NAME(open_gates)(const int cell, float *gates, float *memory, long memory_step)
{
    const VEC sum = load(gates + 2 * LANES), last = load(gates + 3 * LANES);
    const VEC over_a = NAME(sigmoid_inverse)(load(gates));
    const VEC over_b = NAME(sigmoid_inverse)(load(gates + LANES));
    VEC a, b, candidate, d;
    if (cell == LSTM) { /* input, forget, candidate, output */
        const VEC over_d = NAME(sigmoid_inverse)(last), numerator = NAME(tanh_numerator)(sum);
        const VEC below = numerator + 2.0f, ab = over_a * over_b, cd = below * over_d;
        const VEC inverse = 1.0f / (ab * cd), of_ab = inverse * cd, of_cd = inverse * ab;
        a = of_ab * over_b;
        b = of_ab * over_a;
        candidate = of_cd * over_d * numerator;
        d = of_cd * below;
        store(memory + memory_step, b * load(memory) + a * candidate);
    } else { /* reset, update, candidate, recurrent part of the candidate's sum */
        const VEC inverse = 1.0f / (over_a * over_b);
        a = inverse * over_b;
        b = inverse * over_a;
        candidate = sum + a * last;
        d = last * (1.0f / TANH_UNIT);
    }
    store(gates, a);
    store(gates + LANES, b);
    store(gates + 2 * LANES, candidate);
    store(gates + 3 * LANES, d);
}

/* The state that the gates let out. In a loop of its own: a row's memory is long in coming, and a
 * processor looks ahead over the instructions of a few rows only. */
INLINE void NAME(leave_gates)(const int cell, float *gates, const float *state, float *next_state,
                              const float *next_memory)
{
    if (cell == LSTM) {
        const VEC squashed = NAME(tanh)(load(next_memory) * TANH_UNIT);
        store(next_state, load(gates + 3 * LANES) * squashed);
    } else {
        const VEC candidate = NAME(tanh)(load(gates + 2 * LANES));
        store(next_state, candidate + load(gates + LANES) * (load(state) - candidate));
        store(gates + 2 * LANES, candidate);
    }
}

INLINE void NAME(forward_rows)(const int cell, const struct scan *s, long first, long n)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    const int taped = s->gates != 0; /* else gates and memory are written over, step by step */
    const long memory_step = taped ? s->batch * units : 0;
    float unkept[CHUNK * 4 * LANES];
    if (s->resumes)
        memcpy(s->steps + first * width, s->steps + (s->time * s->batch + first) * width,
               sizeof(float) * n * width);
    else
        memset(s->steps + first * width, 0, sizeof(float) * n * width);
    if (cell == LSTM && !s->resumes)
        memset(s->memory + first * units, 0, sizeof(float) * n * units);
    for (long t = 0; t < s->time; t++) {
        const long row_of_step = t * s->batch + first;
        float *steps = s->steps + row_of_step * width, *next = steps + s->batch * width;
        for (long r = 0; r < n; r++) {
            memcpy(steps + r * width + units, s->x + (first + r) * s->x_row + t * s->x_step,
                   sizeof(float) * s->inputs);
            steps[(r + 1) * width - 1] = 1;
        }
        for (long u = 0; u < units; u += LANES) {
            float *gates = taped ? s->gates + (row_of_step * units + u * n) * 4 : unkept;
            float *memory = 0;
            if (cell == LSTM)
                memory = s->memory + t * memory_step + first * units + u;
            NAME(gate_sums)(n, width, steps, s->packed + u * 4 * width, gates);
            for (long r = 0; r < n; r++)
                NAME(open_gates)(cell, gates + r * 4 * LANES, memory ? memory + r * units : 0,
                                 memory_step);
            for (long r = 0; r < n; r++)
                NAME(leave_gates)(cell, gates + r * 4 * LANES, steps + r * width + u,
                                  next + r * width + u,
                                  memory ? memory + r * units + memory_step : 0);
        }
    }
}

/* From the gradient of a step's state to those of its gates' sums. `carry` brings what reaches
 * the state before past the gates: the LSTM's memory's gradient, the GRU's share of the state. */
INLINE void NAME(cell_backward)(const int cell, const float *gates, const float *state,
                                const float *next_state, const float *memory, VEC grad,
                                float *carry, float *gate_grads)
{
    const VEC a = load(gates), b = load(gates + LANES);
    const VEC candidate = load(gates + 2 * LANES), d = load(gates + 3 * LANES);
    if (cell == LSTM) {
        const VEC squashed = load(next_state) / d; /* tanh(memory): d is above 2^-32 */
        const VEC inner = load(carry) + grad * d * (1.0f - squashed * squashed);
        store(gate_grads, inner * candidate * (a - a * a));
        store(gate_grads + LANES, inner * load(memory) * (b - b * b));
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
    const long steps_at_once = n < TOGETHER ? TOGETHER / n : 1;
    float *step_grads = scratch, *carry = step_grads + n * columns;
    float *all_gate_grads = carry + n * units; /* (steps_at_once, blocks, n, 4 * LANES) */
    memset(step_grads, 0, sizeof(float) * n * (columns + units));
    for (long t = s->time - 1; t >= 0; t--) {
        const float *steps = s->steps + (t * s->batch + first) * width;
        const float *gates = s->gates + (t * s->batch + first) * 4 * units;
        const float *memory = cell == LSTM ? s->memory + (t * s->batch + first) * units : 0;
        float *gate_grads = all_gate_grads + t % steps_at_once * n * 4 * units;
        for (long r = 0; r < n; r++) {
            const float *given = s->grad + (first + r) * s->grad_row + t * s->grad_step;
            const long last = s->lengths ? s->lengths[first + r] : s->time;
            const int has_grad = !s->last_only || t + 1 == last;
            for (long u = 0; u < units; u += LANES) {
                const long at = r * units + u;
                VEC grad = load(step_grads + r * columns + u);
                if (has_grad)
                    grad += NAME(load_part)(given + u, s->hidden - u);
                const float *state = steps + r * width + u;
                NAME(cell_backward)(cell, gates + (u * n + r * LANES) * 4, state,
                                    state + s->batch * width,
                                    memory ? memory + at : 0, grad, carry + at,
                                    gate_grads + (u * n + r * LANES) * 4);
            }
        }
        if (t % steps_at_once == 0)
            NAME(add_weight_grads)(least(steps_at_once, s->time - t), n, width, 4 * units, steps,
                                   s->batch * width, gate_grads, weight_grads);
        NAME(step_gradients)(n, units / LANES, columns, gate_grads, s->packed, step_grads);
        if (s->grad_x)
            for (long r = 0; r < n; r++)
                memcpy(s->grad_x + ((first + r) * s->time + t) * s->inputs,
                       step_grads + r * columns + units, sizeof(float) * s->inputs);
    }
}

/* Place of a unit's gate in a row of gates. */
#define PLACE(u, g) ((u) / LANES * 4 * LANES + (g) * LANES + (u) % LANES)

/* For every unit and column, square by square: one matrix has units in its rows and the other has
 * them in its columns, and of both a line of the cache is then used whole. */
#define FOR_SQUARES(u, hidden, k, columns)                           \
    for (long u##0 = 0; u##0 < (hidden); u##0 += LANES)              \
        for (long k##0 = 0; k##0 < (columns); k##0 += LANES)         \
            for (long u = u##0; u < least(u##0 + LANES, hidden); u++) \
                for (long k = k##0; k < least(k##0 + LANES, columns); k++)

/* Lay a gate's weights (hidden, columns), if it has any, as `forward` reads them. */
INLINE void NAME(pack_gate)(const float *weights, float unit, long hidden, long columns, long width,
                            float *packed)
{
    if (weights)
        FOR_SQUARES(u, hidden, k, columns)
            packed[(u / LANES * width + k) * 4 * LANES + u % LANES] = unit * weights[u * columns + k];
}

EXPORT void NAME(pack_forward)(const struct scan *s)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    memset(s->packed, 0, sizeof(float) * width * 4 * units);
    for (long g = 0; g < 4; g++) {
        const long row_h = weight_row(s, RECURRENT_BLOCK, g, 0);
        const long row_x = weight_row(s, INPUT_BLOCK, g, 0);
        const float unit = gate_unit(s->cell, g);
        float *of_states = s->packed + g * LANES, *of_inputs = of_states + units * 4 * LANES;
        float *of_one = of_inputs + s->inputs * 4 * LANES;
        NAME(pack_gate)(row_h >= 0 ? s->weight_hh + row_h * s->hidden : 0, unit, s->hidden,
                        s->hidden, width, of_states);
        NAME(pack_gate)(row_x >= 0 ? s->weight_ih + row_x * s->inputs : 0, unit, s->hidden,
                        s->inputs, width, of_inputs);
        for (long u = 0; u < s->hidden; u++)
            of_one[u / LANES * width * 4 * LANES + u % LANES] =
                unit * ((row_h >= 0 ? s->bias_hh[row_h + u] : 0) +
                        (row_x >= 0 ? s->bias_ih[row_x + u] : 0));
    }
}

EXPORT void NAME(forward)(const struct scan *s, long first, long last)
{
    const mode before = flush_subnormals();
    for (long r = first; r < last; r += CHUNK)
        if (s->cell == LSTM)
            NAME(forward_rows)(LSTM, s, r, least(CHUNK, last - r));
        else
            NAME(forward_rows)(GRU, s, r, least(CHUNK, last - r));
    restore_mode(before);
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
    return width * 4 * units + CHUNK * (2 * units + round_up(s->inputs, LANES)) +
           TOGETHER * 4 * units;
}

EXPORT void NAME(backward)(const struct scan *s, long first, long last, float *workspace)
{
    const long units = round_up(s->hidden, LANES), width = units + s->inputs + 1;
    float *scratch = workspace + width * 4 * units;
    const mode before = flush_subnormals();
    memset(workspace, 0, sizeof(float) * width * 4 * units);
    for (long r = first; r < last; r += CHUNK)
        if (s->cell == LSTM)
            NAME(backward_rows)(LSTM, s, r, least(CHUNK, last - r), workspace, scratch);
        else
            NAME(backward_rows)(GRU, s, r, least(CHUNK, last - r), workspace, scratch);
    restore_mode(before);
}

/* Put a gate's sums (columns, gates) as torch has them, (hidden, columns), if the gate has weights. */
INLINE void NAME(unpack_gate)(const float *sums, long hidden, long columns, long gates, float *grads)
{
    if (grads)
        FOR_SQUARES(u, hidden, k, columns)
            grads[u * columns + k] = sums[k * gates + PLACE(u, 0)];
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
    for (long g = 0; g < 4; g++) {
        const long row_h = weight_row(s, RECURRENT_BLOCK, g, 0);
        const long row_x = weight_row(s, INPUT_BLOCK, g, 0);
        const float *of_states = workspaces + g * LANES, *of_inputs = of_states + units * gates;
        const float *of_one = of_inputs + s->inputs * gates;
        NAME(unpack_gate)(of_states, s->hidden, s->hidden, gates,
                          row_h >= 0 ? weight_hh + row_h * s->hidden : 0);
        NAME(unpack_gate)(of_inputs, s->hidden, s->inputs, gates,
                          row_x >= 0 ? weight_ih + row_x * s->inputs : 0);
        for (long u = 0; u < s->hidden; u++) {
            if (row_h >= 0)
                bias_hh[row_h + u] = of_one[PLACE(u, 0)];
            if (row_x >= 0)
                bias_ih[row_x + u] = of_one[PLACE(u, 0)];
        }
    }
}

#undef TILE
#undef TILES
#undef PLACE
#undef FOR_SQUARES
