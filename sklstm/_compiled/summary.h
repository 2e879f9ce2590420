/* From the states of all steps to what feeds the output, for one instruction set: normalised,
 * multiplied by factors and pooled, a sequence at a time, so that all of it stays in the cache. */

#include "layer_norm.h"
#include "pooling.h"

/* What a shard needs beside the batch. A row is of `span` floats, the features in whole vectors. */
struct NAME(scratch) {
    float *sums;                 /* of the gradients of weight and bias, two rows */
    float *weight, *bias, *mask; /* a row each; of the features the mask is one */
    float *states, *refined;     /* of one sequence, `time` rows each */
};

EXPORT long NAME(summary_workspace)(const struct summary *s)
{
    return (5 + 2 * s->time) * round_up(s->features, LANES);
}

INLINE struct NAME(scratch) NAME(lay_out)(const struct summary *s, float *workspace, long span)
{
    struct NAME(scratch) to = {.sums = workspace, .weight = workspace + 2 * span};
    to.bias = to.weight + span;
    to.mask = to.bias + span;
    to.states = to.mask + span;
    to.refined = to.states + s->time * span;
    memset(workspace, 0, sizeof(float) * 5 * span);
    for (long u = 0; s->weight && u < s->features; u++) {
        to.weight[u] = s->weight[u];
        to.bias[u] = s->bias[u];
        to.mask[u] = 1;
    }
    return to;
}

/* row times the factors of step t of sequence r */
INLINE void NAME(multiply)(const struct summary *s, long r, long t, float *row)
{
    const float *factors = s->factors + (r * s->time + t) * s->features;
    for (long u = 0; u < s->features; u += LANES)
        store(row + u, load(row + u) * NAME(load_part)(factors + u, s->features - u));
}

/* Lay sequence r in the scratch, as it is and as it is pooled. Moments are found forward, and read
 * backward. Each loop over time by itself: a processor then works on several steps at once. */
INLINE void NAME(refine)(const struct summary *s, long r, long time, long span, int finds_moments,
                         struct NAME(scratch) to)
{
    const float *states = s->states + r * s->row;
    float *moments = s->weight ? s->moments + r * s->time * 2 : 0;
    for (long t = 0; t < time; t++)
        for (long u = 0; u < s->features; u += LANES)
            store(to.states + t * span + u,
                  NAME(load_part)(states + t * s->step + u, s->features - u));
    for (long t = 0; moments && finds_moments && t < time; t++)
        NAME(find_moments)(to.states + t * span, span, to.mask, s->features, s->epsilon,
                           moments + 2 * t);
    if (moments)
        for (long t = 0; t < time; t++)
            NAME(normalize)(to.states + t * span, span, to.weight, to.bias, moments + 2 * t,
                            to.refined + t * span);
    else
        memcpy(to.refined, to.states, sizeof(float) * time * span);
    for (long t = 0; s->factors && t < time; t++)
        NAME(multiply)(s, r, t, to.refined + t * span);
}

EXPORT void NAME(summarize)(const struct summary *s, long first, long last, float *workspace)
{
    const long span = round_up(s->features, LANES);
    const mode before = flush_subnormals();
    const struct NAME(scratch) scratch = NAME(lay_out)(s, workspace, span);
    for (long r = first; r < last; r++) {
        const long time = s->lengths ? s->lengths[r] : s->time;
        NAME(refine)(s, r, time, span, 1, scratch);
        NAME(pool)(s, scratch.refined, time, span, s->pooled + r * s->columns);
    }
    restore_mode(before);
}

EXPORT void NAME(summarize_backward)(const struct summary *s, long first, long last,
                                     float *workspace)
{
    const long span = round_up(s->features, LANES);
    const mode before = flush_subnormals();
    const struct NAME(scratch) scratch = NAME(lay_out)(s, workspace, span);
    for (long r = first; r < last; r++) {
        const long time = s->lengths ? s->lengths[r] : s->time;
        float *out = s->grad_states + r * s->time * s->features;
        NAME(refine)(s, r, time, span, 0, scratch);
        NAME(pool_backward)(s, s->pooled + r * s->columns, s->grad + r * s->columns,
                            scratch.refined, time, span);
        for (long t = 0; t < time; t++, out += s->features) {
            float *grad = scratch.refined + t * span;
            if (s->factors)
                NAME(multiply)(s, r, t, grad);
            if (s->weight)
                NAME(normalize_backward)(scratch.states + t * span, span, scratch.weight,
                                         s->features, s->moments + (r * s->time + t) * 2, grad,
                                         scratch.sums);
            memcpy(out, grad, sizeof(float) * s->features);
        }
        memset(out, 0, sizeof(float) * (s->time - time) * s->features);
    }
    restore_mode(before);
}
