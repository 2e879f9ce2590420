/* A step normalised over its features, forward and backward. It is a row of `span` floats, its features
 * in whole vectors with zeros behind, as are weight, bias and the mask of the features, of ones. */

INLINE float NAME(total)(VEC v)
{
    float lanes[LANES];
    store(lanes, v);
    UNROLL for (int half = LANES / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; lane++)
            lanes[lane] += lanes[lane + half];
    return lanes[0];
}

/* The mean of a step, and one over its deviation. */
INLINE void NAME(find_moments)(const float *x, long span, const float *mask, long features,
                               float epsilon, float *moments)
{
    VEC sum = {0}, squares = {0};
    for (long u = 0; u < span; u += LANES)
        sum += load(x + u);
    const float mean = NAME(total)(sum) / features;
    for (long u = 0; u < span; u += LANES) {
        const VEC centred = load(x + u) - mean * load(mask + u);
        squares += centred * centred;
    }
    moments[0] = mean;
    moments[1] = 1.0f / sqrtf(NAME(total)(squares) / features + epsilon);
}

INLINE void NAME(normalize)(const float *x, long span, const float *weight, const float *bias,
                            const float *moments, float *out)
{
    for (long u = 0; u < span; u += LANES) {
        const VEC unit = (load(x + u) - moments[0]) * moments[1];
        store(out + u, unit * load(weight + u) + load(bias + u));
    }
}

/* Turn a step's gradient into that of what was normalised; add those of weight and bias to `sums`,
 * two rows. */
INLINE void NAME(normalize_backward)(const float *x, long span, const float *weight, long features,
                                     const float *moments, float *grad, float *sums)
{
    VEC along_one = {0}, along_unit = {0};
    for (long u = 0; u < span; u += LANES) {
        const VEC given = load(grad + u), unit = (load(x + u) - moments[0]) * moments[1];
        const VEC of_unit = given * load(weight + u);
        along_one += of_unit;
        along_unit += of_unit * unit;
        store(sums + u, load(sums + u) + given * unit);
        store(sums + span + u, load(sums + span + u) + given);
    }
    const float shift = NAME(total)(along_one) / features;
    const float slope = NAME(total)(along_unit) / features;
    for (long u = 0; u < span; u += LANES) {
        const VEC unit = (load(x + u) - moments[0]) * moments[1];
        const VEC of_unit = load(grad + u) * load(weight + u);
        store(grad + u, (of_unit - shift - slope * unit) * moments[1]);
    }
}
