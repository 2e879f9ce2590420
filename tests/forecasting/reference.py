"""Forecasts by slow loops, one window and one step at a time."""

import numpy as np
from sklearn.base import clone


def window(y, X, origin, lags, steps):
    """Return what is read at an origin to predict steps after it, oldest row first.

    X is known ahead: beside each row stands the one that lies as many rows later as the
    predicted step lies behind the youngest row; and its own, if else none of the rows that are read
    would be told its own.
    """
    youngest = min(lags)
    later = [step + youngest - 1 for step in steps]
    if not {lag - more for lag in lags for more in later} & set(lags):
        later.append(0)
    rows = []
    for lag in sorted(lags, reverse=True):
        row = origin + 1 - lag
        features = [y[row]]
        if X is not None:
            features += [X[row + more] for more in later]
        rows.append(np.concatenate(features))
    return np.concatenate(rows)


def pairs(series, lags, steps):
    inputs, targets = [], []
    for y, X in series:
        for origin in range(max(lags) - 1, len(y) - max(steps)):
            inputs.append(window(y, X, origin, lags, steps))
            targets.append(np.concatenate([y[origin + step] for step in steps]))
    targets = np.array(targets)
    return np.array(inputs), targets[:, 0] if targets.shape[1] == 1 else targets


def fitted(regressor, series, lags, steps):
    return clone(regressor).fit(*pairs(series, lags, steps))


def one(regressor, y, X, lags, steps, n_targets):
    said = regressor.predict(window(y, X, len(y) - 1, lags, steps)[None])
    return np.asarray(said).reshape(len(steps), n_targets)


def multioutput(regressor, series, lags, horizon):
    # with features every step stands beside each row, which needs a window of one lag to compare
    steps = list(range(horizon, 0, -1)) if series[0][1] is not None else list(range(1, horizon + 1))
    model = fitted(regressor, series, lags, steps)
    said = [one(model, y, X, lags, steps, y.shape[1]) for y, X in series]
    return [s[np.argsort(steps)] for s in said]


def direct(regressor, series, lags, horizon):
    models = [fitted(regressor, series, lags, [step]) for step in range(1, horizon + 1)]
    return [
        np.concatenate([one(m, y, X, lags, [k + 1], y.shape[1]) for k, m in enumerate(models)])
        for y, X in series
    ]


def recursive(regressor, series, lags, horizon):
    model = fitted(regressor, series, lags, [1])
    forecasts = []
    for y, X in series:
        extended = y
        for _ in range(horizon):
            extended = np.concatenate([extended, one(model, extended, X, lags, [1], y.shape[1])])
        forecasts.append(extended[len(y) :])
    return forecasts


def dirrec(regressor, series, lags, horizon):
    forecasts = [y for y, _ in series]
    for fed in range(horizon):
        longer = [*range(1, fed + 1), *(lag + fed for lag in lags)]
        model = fitted(regressor, series, longer, [1])
        forecasts = [
            np.concatenate([done, one(model, done, X, longer, [1], y.shape[1])])
            for done, (y, X) in zip(forecasts, series, strict=True)
        ]
    return [done[len(y) :] for done, (y, _) in zip(forecasts, series, strict=True)]
