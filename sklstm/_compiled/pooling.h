/* What of the steps of a sequence feeds the output, forward and backward. A step is a row of `span`
 * floats, its features in whole vectors, of which one is taken at a time. */

/* Steps that are added up by themselves, so that long sums stay exact. */
#define SUMMED 64

INLINE VEC NAME(choose)(INTS mask, VEC a, VEC b)
{
    return (VEC)((mask & (INTS)a) | (~mask & (INTS)b));
}

INLINE VEC NAME(mean_over)(const float *x, long time, long span)
{
    VEC sum = {0};
    for (long t = 0; t < time;) {
        VEC part = {0};
        for (const long end = least(t + SUMMED, time); t < end; t++)
            part += load(x + t * span);
        sum += part;
    }
    return sum / (float)time;
}

/* NaN where one is. */
INLINE VEC NAME(largest_over)(const float *x, long time, long span)
{
    VEC largest = load(x);
    for (long t = 1; t < time; t++) {
        const VEC next = load(x + t * span);
        largest = NAME(choose)((INTS)(next > largest) | (INTS)(next != next), next, largest);
    }
    return largest;
}

/* Put the gradient of both in the place of the steps; those that are largest share it. */
INLINE void NAME(spread_over)(float *x, long time, long span, VEC mean_grad, VEC largest,
                              VEC largest_grad)
{
    VEC count = {0};
    const VEC one = count + 1.0f;
    for (long t = 0; t < time; t++)
        count += (VEC)((INTS)(load(x + t * span) == largest) & (INTS)one);
    const VEC even = mean_grad / (float)time, share = largest_grad / count;
    for (long t = 0; t < time; t++) {
        const INTS chosen = (INTS)(load(x + t * span) == largest);
        store(x + t * span, even + (VEC)(chosen & (INTS)share));
    }
}

INLINE void NAME(pool)(const struct summary *s, const float *x, long time, long span, float *out)
{
    for (long u = 0; u < s->features; u += LANES) {
        const long n = s->features - u;
        if (s->mean >= 0)
            NAME(store_part)(out + s->mean + u, NAME(mean_over)(x + u, time, span), n);
        if (s->max >= 0)
            NAME(store_part)(out + s->max + u, NAME(largest_over)(x + u, time, span), n);
    }
    for (long u = 0; s->last >= 0 && u < s->features; u++)
        out[s->last + u] = x[last_step(s, time, u) * span + u];
}

/* A part of a row of pooled features or of their gradient, zero where the part is not asked for. */
INLINE VEC NAME(part_of)(const float *row, long column, long u, long n)
{
    return column < 0 ? (VEC){0} : NAME(load_part)(row + column + u, n);
}

/* Put the gradient of the steps in their place. */
INLINE void NAME(pool_backward)(const struct summary *s, const float *pooled, const float *grad,
                                float *x, long time, long span)
{
    for (long u = 0; u < s->features; u += LANES) {
        const long n = s->features - u;
        NAME(spread_over)(x + u, time, span, NAME(part_of)(grad, s->mean, u, n),
                          NAME(part_of)(pooled, s->max, u, n),
                          NAME(part_of)(grad, s->max, u, n));
    }
    for (long u = 0; s->last >= 0 && u < s->features; u++)
        x[last_step(s, time, u) * span + u] += grad[s->last + u];
}

#undef SUMMED
