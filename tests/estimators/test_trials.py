from dataclasses import replace

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklstm import LSTMRegressor, make_windows
from sklstm.data import find_limits, held_out_blocks
from sklstm.estimators import held_out, trials
from sklstm.estimators.part import FitArguments
from sklstm.estimators.trials import Plan, find_plan
from sklstm.nn import POOLINGS
from sklstm.training import DivergedError

OF_SEPARATE, OF_WINDOWS = trials._OF_SEPARATE_SEQUENCES, trials._OF_WINDOWS
OPTIONS = {"hidden_layer_sizes": 4, "random_state": 0, "device": "cpu"}


def waves(n=400, noise=0.1):
    rng = np.random.default_rng(0)
    return make_windows(np.sin(np.arange(n) / 3) ** 3 + noise * rng.normal(size=n), 8)


def noise(n=120):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 5, 1)), 3 + rng.normal(size=n)


def fitted_on_trial(monkeypatch):
    """Return a list to which all that is fitted on trial will be added."""
    fitted, fit = [], held_out.fit_without

    def listen(*args, **options):
        trial, rest = fit(*args, **options)
        fitted.append(trial)
        return trial, rest

    monkeypatch.setattr(trials, "fit_without", listen)
    return fitted


def test_a_network_that_learns_noise_is_not_trusted():
    X, y = noise()
    model = LSTMRegressor(32, max_epochs=60, random_state=0).fit(X, y)
    assert model.network_trust_ < 0.2
    assert model.linear_share_ == 0
    X_new, y_new = np.random.default_rng(1).normal(size=(200, 5, 1)), y.mean()
    certain = LSTMRegressor(32, max_epochs=60, random_state=0, linear_skip=False).fit(X, y)
    assert (
        np.abs(model.predict(X_new) - y_new).mean()
        < 0.3 * np.abs(certain.predict(X_new) - y_new).mean()
    )


@pytest.mark.parametrize("grows", [True, False])
def test_trials_show_their_maps_what_the_fit_shows(monkeypatch, grows):
    rng, time = np.random.default_rng(0), np.arange(96)
    season = np.exp(0.25 * rng.normal(size=12))[time % 12]
    growing = np.exp(0.04 * time) * season * np.exp(0.02 * rng.normal(size=96))
    X, y = make_windows(growing if grows else rng.normal(1.0, 1.0, size=96).cumsum(), 12)
    fitted = fitted_on_trial(monkeypatch)
    model = LSTMRegressor(**OPTIONS, max_epochs=1, linear_skip="auto").fit(X, y)
    assert model.targets_.anchor.drifting
    assert len(fitted) == 4
    maps = [each.targets_.linear for each in (*fitted, model)]
    assert [linear is not None and linear.reading.levels == [0] for linear in maps] == [grows] * 5


def test_a_network_that_finds_more_than_the_line_is_trusted():
    X, _ = make_windows(np.random.default_rng(0).normal(size=304), 4)
    y = X[:, -1] + 3 * np.abs(X[:, -2])
    model = LSTMRegressor(16, max_epochs=60, random_state=0).fit(X, y)
    assert model.network_trust_ > 0.8
    assert 0.1 < model.linear_share_ < 0.6
    assert model.score(X, y) > 0.9


def dents(n=200, seed=0):
    """Return sequences with two dents each, and how far apart these are."""
    rng = np.random.default_rng(seed)
    X = 0.3 * rng.normal(size=(n, 40, 1))
    first, second = rng.integers(0, 18, n), rng.integers(22, 38, n)
    for place in (first, second):
        X[np.arange(n), place, 0] -= 3
    return X, (second - first).astype(float)


def test_a_map_that_only_learns_noise_gives_way():
    X, y = dents()
    X_new, y_new = dents(seed=1)
    options = {"hidden_layer_sizes": 16, "max_epochs": 20, "random_state": 0}
    model = LSTMRegressor(**options).fit(X, y)
    assert model.targets_.linear is None
    assert model.linear_share_ == 0
    assert model.network_trust_ > 0.9
    both = LSTMRegressor(**options, linear_skip=True).fit(X, y)
    assert 1 - model.score(X_new, y_new) < 0.3 * (1 - both.score(X_new, y_new))


def traffic(n=700, seed=0):
    """Return windows of hours and of rain, and traffic: peaks that rain halves."""
    rng = np.random.default_rng(seed)
    hour = np.arange(n) % 24
    rain = np.repeat(rng.uniform(size=n // 6 + 1) < 0.3, 6)[:n]
    peaks = np.exp(-(((hour - 8) / 2) ** 2)) + np.exp(-(((hour - 17) / 3) ** 2)) + hour / 48
    X = np.stack([hour, rain], axis=1).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(X, 6, axis=0).transpose(0, 2, 1)
    return windows, (peaks * (1 - 0.5 * rain) + 0.02 * rng.normal(size=n))[5:]


def test_of_windows_of_several_features_the_map_may_give_way():
    X, y = traffic()
    X_new, y_new = traffic(seed=1)
    options = {"hidden_layer_sizes": 16, "max_epochs": 20, "random_state": 0}
    model = LSTMRegressor(**options).fit(X, y)
    assert model.targets_.linear is None
    assert model.network_trust_ > 0.9
    both = LSTMRegressor(**options, linear_skip=True).fit(X, y)
    assert 1 - model.score(X_new, y_new) < 0.9 * (1 - both.score(X_new, y_new))


def test_the_ends_of_windows_tell(monkeypatch):
    """What is to come lies beyond what was, as they do."""
    X, y = traffic(100)
    told = []

    def tell(estimator, train, block, seed, plan):
        told.append(block[1].min())
        return trials._Trial(np.ones((1, 1)), np.ones((1, 1)), np.ones(1), np.ones(1))

    monkeypatch.setattr(trials, "_try", tell)
    LSTMRegressor(**OPTIONS, max_epochs=1, feature_encoding="standard").fit(X, y)
    first, last = sorted(set(told))
    assert (first, last) == (0, 72)
    assert told == [first, first, last, last]


def thresholds(n=400, seed=0):
    """Return windows of four features, and what two of them say that no line tells."""
    rng = np.random.default_rng(seed)
    X = np.lib.stride_tricks.sliding_window_view(rng.normal(size=(n + 2, 4)), 3, axis=0)
    X = X.transpose(0, 2, 1)
    y = 2.0 * (np.abs(X[:, -1, 0]) > 1) + np.sin(3 * X[:, -1, 1]) + 0.1 * rng.normal(size=n)
    return X, y


def test_windows_of_several_features_may_be_told_in_bins_as_well():
    (X, y), (X_new, y_new) = thresholds(), thresholds(seed=1)
    options = {"hidden_layer_sizes": 16, "max_epochs": 20, "random_state": 0}
    model = LSTMRegressor(**options).fit(X, y)
    assert model.feature_encoding_ == "concat"
    assert model.module_.inputs.numbers == model.module_.inputs.encoded.features == [0, 1, 2, 3]
    plain = LSTMRegressor(**options, feature_encoding="standard").fit(X, y)
    assert plain.feature_encoding_ == "standard"
    assert 1 - model.score(X_new, y_new) < 0.3 * (1 - plain.score(X_new, y_new))
    raw = LSTMRegressor(**options, standardize=False).fit(X, y)
    assert raw.feature_encoding_ == "auto"


@pytest.mark.parametrize(
    ("tell", "wanted", "other"),
    [
        (lambda x: x[:, -1] * x[:, -2], "last", "concat"),
        (lambda x: x.max(axis=1), "concat", "last"),
    ],
    ids=["product of the last two", "maximum"],
)
def test_what_tells_more_is_pooled(tell, wanted, other):
    X, X_new = (np.random.default_rng(seed).normal(size=(200, 60, 1)) for seed in (0, 1))
    y, y_new = tell(X[:, :, 0]), tell(X_new[:, :, 0])
    options = {"hidden_layer_sizes": 16, "max_epochs": 30, "random_state": 0}
    model = LSTMRegressor(**options).fit(X, y)
    assert model.pooling_ == wanted
    assert model.module_.pooling == POOLINGS[wanted]
    forced = LSTMRegressor(**options, pooling=other).fit(X, y)
    assert forced.pooling_ == other
    assert 1 - model.score(X_new, y_new) < 0.85 * (1 - forced.score(X_new, y_new))


def test_units_of_targets_do_not_tell_whether_the_map_stays():
    X, y = dents(120)
    y = np.stack([y, X[:, :, 0] @ np.linspace(-1, 1, 40)], axis=1)
    options = {"hidden_layer_sizes": 16, "max_epochs": 20, "random_state": 0}
    first, second = (LSTMRegressor(**options).fit(X, y * scale) for scale in ([1e3, 1], [1, 1e3]))
    assert (first.targets_.linear is None) == (second.targets_.linear is None)


def test_trials_read_what_is_held_out_within_their_own_limits():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 10, 2))
    y = 2 * X[:, -1, 0] + X[:, -1, 1]
    far = rng.choice(3000, 31, replace=False)  # just too many to be far, and not in all parts
    X[far // 10, far % 10, 1] = -9999.0
    model = LSTMRegressor(**OPTIONS, max_epochs=2, linear_skip=False).fit(X, y)
    assert model.input_limits_ is None
    part = model._check_part(FitArguments(X, y, None), reset=False)
    blocks = held_out_blocks(part.sequences, 4, 0)
    limited = [find_limits(part.sequences.subset(kept)) is not None for kept, _ in blocks]
    assert any(limited)
    plan = Plan(True, "concat")
    told = [trials._try(model, part, block, i, plan) for i, block in enumerate(blocks)]
    farthest = [np.abs(trial.wanted).max() for trial in told]
    assert all(far < 20 for far, has_limits in zip(farthest, limited, strict=True) if has_limits)


def test_a_straight_line_is_left_to_the_linear_map():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4, 1))
    y = X[:, :, 0] @ [1.0, 2.0, -1.0, 0.5]
    model = LSTMRegressor(**OPTIONS, max_epochs=3).fit(X, y)
    assert model.linear_share_ > 0.99
    assert model.score(X, y) > 0.99


def test_shares_and_prediction_belong_together():
    X, y = waves()
    model = LSTMRegressor(**OPTIONS, max_epochs=10).fit(X, y)
    targets = model.targets_
    whole = targets.base(sequences := model._check_X(X, reset=False))
    whole = (
        whole + targets.mean + model.network_trust_ * targets.scale * model._network_part(sequences)
    )
    np.testing.assert_allclose(model.predict(X), whole[:, 0])


@pytest.mark.parametrize("linear_skip", [True, False])
def test_without_auto_nothing_is_tried(linear_skip):
    X, y = waves(120)
    model = LSTMRegressor(**OPTIONS, max_epochs=2, linear_skip=linear_skip).fit(X, y)
    assert model.network_trust_ == 1
    assert (model.targets_.linear is not None) is linear_skip
    assert (model.linear_share_ > 0) is linear_skip


@pytest.mark.parametrize(("n", "n_blocks"), [(20, 0), (30, 4), (200, 4), (1_001, 2), (20_001, 0)])
@pytest.mark.parametrize("linear_skip", [False, True])
@pytest.mark.parametrize("overlap", [False, True])
def test_how_many_fits_are_tried(n, n_blocks, linear_skip, overlap, monkeypatch):
    X, y = make_windows(np.random.default_rng(0).normal(size=n + 2), 2)
    X = X if overlap else np.random.default_rng(0).normal(size=(n, 2))
    options = {**OPTIONS, "max_epochs": 1, "batch_size": n}
    model = LSTMRegressor(**options, linear_skip=False).fit(X, y)
    part = model._check_part(FitArguments(X, y, None), reset=False)
    fits, fit = [], LSTMRegressor._fit

    def counted(self, given, **options):
        fits.append((given.plan.linear_skip, given.plan.pooling, len(given.X)))
        return fit(self, given, **options)

    monkeypatch.setattr(LSTMRegressor, "_fit", counted)
    first = Plan(linear_skip, "concat")
    plan = find_plan(model, part, 0, first, model.targets_.anchor)
    candidates = [(linear_skip, "concat")]
    if not overlap:
        candidates += [(False, "concat")] * linear_skip + [(False, "last")]
    n_of_each = n_blocks if overlap else n_blocks // 2
    tried = [fit[:2] for fit in fits]
    assert tried == candidates * n_of_each
    assert 0 <= plan.trust <= 1
    assert (plan.linear_skip, plan.pooling) in candidates
    if not n_blocks:
        assert plan == first
    elif not overlap:
        assert fits[0][2] == n - -(-n // n_blocks)


def test_a_pooling_that_was_asked_for_is_kept(monkeypatch):
    X, y = noise(60)
    model = LSTMRegressor(**OPTIONS, max_epochs=1, pooling="mean")
    fitted = fitted_on_trial(monkeypatch)
    assert model.fit(X, y).pooling_ == "mean"
    assert [trial.pooling_ for trial in fitted] == ["mean"] * 2


@pytest.mark.parametrize("asked", [{"linear_skip": False}, {"loss": "huber"}])
def test_without_trials_all_states_are_pooled(asked):
    X, y = noise(60)
    assert LSTMRegressor(**OPTIONS, max_epochs=1, **asked).fit(X, y).pooling_ == "concat"


def winner(*args):
    """Return the candidate that wins a race, with the trust that it deserves."""
    plan, told = trials._race(*args)
    return replace(plan, trust=trials._trust(told))


def race(errors, monkeypatch, rules=OF_SEPARATE):
    """Return the best candidate by squared errors on one block after another, and who was asked."""
    plans = {name: Plan(False, name) for name in errors}
    asked, left = [], {name: list(of_name) for name, of_name in errors.items()}

    def tell(estimator, train, block, seed, plan):
        asked.append(plan.pooling)
        wanted = np.sqrt(left[plan.pooling].pop(0)) * np.ones((1, 1))
        return trials._Trial(np.zeros((1, 1)), wanted, np.ones(1), np.ones(1))

    monkeypatch.setattr(trials, "_try", tell)
    n_blocks = len(next(iter(errors.values())))
    return winner(rules, list(plans.values()), None, None, [None] * n_blocks, 0), asked


def test_the_best_of_all_blocks_is_taken(monkeypatch):
    best, asked = race({"concat": [1.0, 5.0], "last": [1.4, 1.0]}, monkeypatch)
    assert best == Plan(False, "last")
    assert asked == ["concat", "last", "concat", "last"]


def test_who_falls_far_behind_drops_out(monkeypatch):
    best, asked = race({"concat": [1.6, 0.0], "last": [1.0, 5.0], "max": [1.4, 5.0]}, monkeypatch)
    assert best == Plan(False, "last")
    assert asked == ["concat", "last", "max", "last", "max"]


def test_what_goes_on_from_who_falls_far_behind_is_not_tried(monkeypatch):
    best, asked = race({"concat": [1.0, 5.0], "last": [1.6, 0.0], "max": [0.0, 0.0]}, monkeypatch)
    assert best == Plan(False, "concat")
    assert asked == ["concat", "last", "concat"]


def test_without_the_map_a_network_may_be_a_little_worse(monkeypatch):
    """Those samples that a trial lacks help a network more than a map."""
    plans = [Plan(True, "concat"), Plan(False, "concat")]
    for error, best in [(0.9, plans[1]), (1.1, plans[1]), (1.2, plans[0])]:
        told = {plans[0]: 1.0, plans[1]: np.sqrt(error)}

        def tell(estimator, train, block, seed, plan, told=told):
            return trials._Trial(
                np.zeros((1, 1)), np.full((1, 1), told[plan]), np.ones(1), np.ones(1)
            )

        monkeypatch.setattr(trials, "_try", tell)
        assert winner(OF_SEPARATE, plans, None, None, [None, None], 0) == best


@pytest.mark.parametrize(
    ("errors", "kept", "asked"),
    [
        ([[1.0, 1.0], [1.05, 1.0]], True, [True, False, True, False]),
        ([[1.0, 1.0], [0.95, 1.0]], False, [True, False, True, False]),
        ([[1.0, 1.0], [1.2, 0.0]], True, [True, False, True]),
        ([[1.0, 0.0], [0.8, 1.0]], False, [True, False, False]),
    ],
)
def test_of_windows_a_map_gives_way_to_what_is_better(monkeypatch, errors, kept, asked):
    plans = [Plan(True, "concat"), Plan(False, "concat")]
    told, left = [], {plan: list(of_plan) for plan, of_plan in zip(plans, errors, strict=True)}

    def tell(estimator, train, block, seed, plan):
        told.append(plan.linear_skip)
        rest = np.sqrt(left[plan].pop(0))
        # trusted all the same: what is left is at right angles to what was predicted
        return trials._Trial(
            np.array([[9.0], [0.0]]), np.array([[9.0], [rest]]), np.ones(2), np.ones(1)
        )

    monkeypatch.setattr(trials, "_try", tell)
    assert winner(OF_WINDOWS, plans, None, None, [None, None], 0).linear_skip is kept
    assert told == asked


def test_a_network_of_windows_that_is_hardly_trusted_has_a_map(monkeypatch):
    asked = []

    def tell(estimator, train, block, seed, plan):
        asked.append(plan)
        predicted = np.ones((2, 1))
        wanted = np.array([[9.0], [0.0]]) if plan.linear_skip else 0.4 * predicted
        return trials._Trial(predicted, wanted, np.ones(2), np.ones(1))

    monkeypatch.setattr(trials, "_try", tell)
    plans = [Plan(True, "concat"), Plan(False, "concat"), Plan(False, "concat", "concat")]
    best = winner(OF_WINDOWS, plans, None, None, [None, None], 0)
    assert best == Plan(True, "concat", trust=1.0)
    assert asked == [plans[0], plans[1], plans[0]]
    best = winner(OF_WINDOWS, plans[1:2], None, None, [None, None], 0)
    assert best == Plan(False, "concat", trust=0.4)


def test_who_diverges_late_leaves_the_place_to_the_next(monkeypatch):
    errors = {True: 5.0, False: 4.0}

    def tell(estimator, train, block, seed, plan):
        if plan.feature_encoding == "concat":
            if seed == 1:
                raise DivergedError
            error = 3.8
        else:
            error = errors[plan.linear_skip]
        return trials._Trial(
            np.array([[9.0], [0.0]]), np.array([[9.0], [error**0.5]]), np.ones(2), np.ones(1)
        )

    monkeypatch.setattr(trials, "_try", tell)
    plans = [Plan(True, "concat"), Plan(False, "concat"), Plan(False, "concat", "concat")]
    assert winner(OF_WINDOWS, plans, None, None, [None] * 2, 0) == plans[1]


def test_without_a_map_little_trust_is_no_reason(monkeypatch):
    """There is nothing to fall back on."""

    def tell(estimator, train, block, seed, plan):
        wanted = np.full((2, 1), 0.4 if plan.feature_encoding == "auto" else 0.6)
        rest = 0.0 if plan.feature_encoding == "auto" else 1.0
        return trials._Trial(
            np.array([[1.0], [1.0], [0.0]]),
            np.vstack([wanted, [[rest]]]),
            np.ones(3),
            np.ones(1),
        )

    monkeypatch.setattr(trials, "_try", tell)
    plans = [Plan(False, "concat"), Plan(False, "concat", "concat")]
    best = winner(OF_WINDOWS, plans, None, None, [None, None], 0)
    assert best.feature_encoding == "auto"
    assert best.trust == pytest.approx(0.4)


def test_bins_are_not_tried_where_they_say_nothing_more(monkeypatch):
    X, y = traffic(100)  # hours have bins as it is, and rain has two values
    fitted = fitted_on_trial(monkeypatch)
    LSTMRegressor(**OPTIONS, max_epochs=1).fit(X, y)
    assert {trial.feature_encoding_ for trial in fitted} == {"auto"}
    X, y = thresholds(100)
    LSTMRegressor(**OPTIONS, max_epochs=1).fit(X, y)
    assert {trial.feature_encoding_ for trial in fitted} == {"auto", "concat"}


def test_what_is_no_number_loses(monkeypatch):
    best, asked = race({"concat": [np.nan, 1.0], "last": [1.0, 1.0]}, monkeypatch)
    assert best == Plan(False, "last")
    assert asked == ["concat", "last", "last"]
    best, _ = race({"concat": [np.nan, np.nan], "last": [np.nan, np.nan]}, monkeypatch)
    assert best == Plan(False, "concat")


def test_if_all_that_are_left_diverge_the_first_is_taken(monkeypatch):
    """The first falls far behind on one block, the other diverges on the next."""

    def tell(estimator, train, block, seed, plan):
        if seed == 1:
            raise DivergedError
        wanted = np.full((1, 1), 2.0 if plan.linear_skip else 1.0)
        return trials._Trial(wanted / 3, wanted, np.ones(1), np.ones(1))

    monkeypatch.setattr(trials, "_try", tell)
    plans = [Plan(True, "concat"), Plan(False, "concat"), Plan(False, "last")]
    trials_of = winner(OF_SEPARATE, plans, None, None, [None, None], 0)
    assert trials_of == Plan(True, "concat", trust=1.0)


def test_candidates_are_compared_with_the_trust_that_they_deserve(monkeypatch):
    """One predicts the double of what is wanted, the other what is not."""
    wanted = np.array([[1.0], [2.0]])
    predicted = {"concat": 2 * wanted, "last": wanted + np.array([[0.5], [-0.5]])}

    def tell(estimator, train, block, seed, plan):
        return trials._Trial(predicted[plan.pooling], wanted, np.ones(2), np.ones(1))

    monkeypatch.setattr(trials, "_try", tell)
    plans = [Plan(False, "last"), Plan(False, "concat")]
    assert winner(OF_SEPARATE, plans, None, None, [None], 0) == Plan(False, "concat", trust=0.5)


@pytest.mark.parametrize("linear_skip", ["auto", False])
def test_trials_that_all_diverge_decide_nothing(linear_skip):
    class Slow(Callback):
        def on_train_begin(self, net, **kwargs):
            for group in net.optimizer_.param_groups:
                group["lr"] = 1e-3

    options = {
        **OPTIONS,
        "max_epochs": 2,
        "optimizer": "sgd",
        "learning_rate": 1e18,
        "learning_rate_schedule": "constant",
        "linear_skip": linear_skip,
    }
    X, y = waves(60)
    model = LSTMRegressor(**options, callbacks=[Slow()]).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert model.network_trust_ == 1
    with pytest.raises(ValueError, match="Training diverged"):
        LSTMRegressor(**options).fit(X, y)


def test_who_diverges_drops_out_and_raises_where_it_was_asked_for():
    X = np.random.default_rng(0).normal(size=(60, 150, 1))
    y = X.sum(axis=(1, 2))
    options = {"activation": "relu", "max_epochs": 4, "learning_rate": 0.3, "random_state": 0}
    assert LSTMRegressor(8, **options).fit(X, y).pooling_ == "concat"
    with pytest.raises(ValueError, match="Training diverged"):
        LSTMRegressor(8, **options, pooling="last").fit(X, y)


def test_what_is_pooled_lasts_as_long_as_the_network():
    X = np.random.default_rng(0).normal(size=(200, 60, 1))
    y = X[:, -1, 0] * X[:, -2, 0]
    model = LSTMRegressor(16, max_epochs=30, random_state=0, warm_start=True).fit(X, y)
    assert model.pooling_ == "last"
    module = model.module_
    assert model.fit(X, y).pooling_ == "last"
    assert model.partial_fit(X, y).pooling_ == "last"
    assert model.module_ is module
    model.set_params(warm_start=False, pooling="max", max_epochs=1)
    assert model.fit(X, y).pooling_ == "max"
    assert LSTMRegressor(**OPTIONS).partial_fit(X, y).pooling_ == "concat"


def test_nothing_is_pooled_where_every_step_has_outputs():
    X = np.random.default_rng(0).normal(size=(40, 6, 1))
    steps = LSTMRegressor(**OPTIONS, max_epochs=1, return_sequences=True).fit(X, X[:, :, 0])
    assert steps.pooling_ is None

    class Own(torch.nn.Module):
        def __init__(self, n_features, n_outputs):
            super().__init__()
            self.layer = torch.nn.Linear(n_features, n_outputs)

        def forward(self, x, lengths):
            return self.layer(x[:, 0])

    assert LSTMRegressor(max_epochs=1, module=Own).fit(X, X[:, 0, 0]).pooling_ is None


def test_perfect_candidates_share_the_race(monkeypatch):
    best, asked = race({"concat": [0.0, 0.0], "last": [0.0, 0.0]}, monkeypatch)
    assert best == Plan(False, "concat")
    assert len(asked) == 4


def test_callbacks_are_told_of_the_fit_alone():
    class Count(Callback):
        n = 0

        def on_train_begin(self, net, **kwargs):
            self.n += 1

    count = Count()
    X, y = waves(60)
    LSTMRegressor(**OPTIONS, max_epochs=1, callbacks=[count]).fit(X, y)
    assert count.n == 1


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "gaussian", "quantile"])
def test_other_losses_have_the_map_and_no_trials(loss):
    X, y = waves(150)
    model = LSTMRegressor(**OPTIONS, max_epochs=2, loss=loss).fit(X, y)
    assert model.network_trust_ == 1
    assert model.linear_share_ > 0


def test_counts_and_partial_fit_have_neither():
    X, y = waves(60)
    counts = LSTMRegressor(**OPTIONS, max_epochs=1, loss="poisson").fit(X, np.abs(y))
    batch = LSTMRegressor(**OPTIONS).partial_fit(X, y)
    for model in (counts, batch):
        assert model.targets_.linear is None
        assert model.network_trust_ == 1


def test_a_map_that_was_asked_for_is_fitted_to_the_first_batch():
    X, y = waves(60)
    model = LSTMRegressor(**OPTIONS, linear_skip=True).partial_fit(X, y)
    linear = model.targets_.linear
    assert linear is not None
    assert model.linear_share_ > 0
    assert model.partial_fit(X[:5], y[:5]).targets_.linear is linear


def test_a_weight_of_zero_is_absence_here_too():
    X, y = waves(100)
    weight = np.ones(len(y))
    weight[::7] = 0
    kept = weight > 0
    weighted = LSTMRegressor(**OPTIONS, max_epochs=3).fit(X.copy(), y, weight)
    absent = LSTMRegressor(**OPTIONS, max_epochs=3).fit(list(X[kept]), y[kept])
    assert weighted.targets_.linear is not None
    assert absent.targets_.linear is not None


def test_errors():
    X, y = waves(60)
    with pytest.raises(ValueError, match="linear_skip=True cannot go with loss='poisson'"):
        LSTMRegressor(loss="poisson", linear_skip=True).fit(X, np.abs(y))
    with pytest.raises(ValueError, match="'linear_skip' parameter"):
        LSTMRegressor(linear_skip="yes").fit(X, y)


def test_booleans_of_numpy_are_booleans():
    X, y = waves(60)
    forced = LSTMRegressor(**OPTIONS, max_epochs=1, linear_skip=np.True_, subtract_last=np.True_)
    forced.fit(X, y)
    assert forced.targets_.linear is not None
    assert forced.anchor_features_.tolist() == [0]
    with pytest.raises(ValueError, match="subtract_last=True cannot go with"):
        LSTMRegressor(loss="poisson", subtract_last=np.True_).fit(X, np.abs(y))


def test_ctrl_c_while_a_trial_is_described_ends_the_fit(monkeypatch):
    X, y = waves(60)
    model, describe = LSTMRegressor(**OPTIONS, max_epochs=2), LSTMRegressor._describe

    def interrupted(self, *args):
        if self is not model:  # a trial
            raise KeyboardInterrupt
        describe(self, *args)

    monkeypatch.setattr(LSTMRegressor, "_describe", interrupted)
    with (
        pytest.warns(UserWarning, match="Scoring was interrupted"),
        pytest.raises(KeyboardInterrupt),
    ):
        model.fit(X, y)
    assert not hasattr(model, "net_")


def heights(n, noise, seed=0):
    """Return sequences whose target is how often they are high, and noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12, 2))
    return X, (X[:, :, 0] > 1).sum(axis=1) + noise * rng.normal(size=n)


def test_noise_in_targets_is_not_learnt_by_heart(monkeypatch):
    monkeypatch.setattr(LSTMRegressor, "_n_steps", lambda self, n_samples: 600)
    X, y = heights(240, 0.7)
    options = {"pooling": "concat", "random_state": 0, "device": "cpu"}
    model = LSTMRegressor(**options).fit(X, y)
    assert model.epochs_share_ == 1 / 3
    whole = LSTMRegressor(**options, max_epochs=round(3 * model.n_iter_)).fit(X, y)
    X_new, y_new = heights(1_000, 0.0, seed=1)
    errors = [np.mean((each.predict(X_new) - y_new) ** 2) for each in (model, whole)]
    assert errors[0] < 0.9 * errors[1]
    assert whole.epochs_share_ == 1


def asks(errors, monkeypatch, n=120, *, overlap=False, **options):
    """Return the share of the passes that is taken, by squared errors of the whole and a third."""
    monkeypatch.setattr(LSTMRegressor, "_n_steps", lambda self, n_samples: 60)
    asked, rng = [], np.random.default_rng(0)

    def tell(estimator, train, block, seed, plan):
        asked.append(plan.epochs_share)
        error = errors[plan.epochs_share]
        if error is None:
            raise DivergedError("too fast")
        wanted = np.sqrt(error + 0.01 * np.arange(5))[:, None]
        return trials._Trial(np.zeros((5, 1)), wanted, np.ones(5), np.ones(1))

    monkeypatch.setattr(trials, "_try", tell)
    X, y = make_windows(rng.normal(size=n + 4), 4) if overlap else heights(n, 1.0)
    model = LSTMRegressor(**{**OPTIONS, "pooling": "last", **options}).fit(X, y)
    return model.epochs_share_, asked, model


@pytest.mark.parametrize(
    ("whole", "third", "share"),
    [(0.5, 0.4, 1 / 3), (0.5, 0.6, 1), (0.5, 0.5, 1), (0.5, None, 1)],
)
def test_a_third_of_the_passes_is_taken_where_it_is_better(whole, third, share, monkeypatch):
    taken, asked, model = asks({1: whole, 1 / 3: third}, monkeypatch)
    assert taken == share
    assert asked.count(1 / 3) == (1 if third is None else 2)
    assert asked[: -asked.count(1 / 3)] == [1] * 4
    assert model.n_iter_ == round(share * 20)


def test_a_third_must_be_clearly_better(monkeypatch):
    def tell(estimator, train, block, seed, plan):
        wanted = np.sqrt(0.5 - (plan.epochs_share < 1) * np.array([0.3, 0.1, -0.3]))[:, None]
        return trials._Trial(np.zeros((3, 1)), wanted, np.ones(3), np.ones(1))

    monkeypatch.setattr(trials, "_try", tell)
    monkeypatch.setattr(LSTMRegressor, "_n_steps", lambda self, n_samples: 60)
    assert LSTMRegressor(**OPTIONS).fit(*heights(120, 1.0)).epochs_share_ == 1


@pytest.mark.parametrize(
    "changed",
    [{"n": 119}, {"overlap": True}, {"max_epochs": 2}, {"early_stopping": True}],
)
def test_no_shorter_course_is_tried(changed, monkeypatch):
    share, asked, _ = asks({1: 0.5}, monkeypatch, **changed)
    assert share == 1
    assert set(asked) == {1}


def test_where_nearly_nothing_is_left_no_shorter_course_is_tried(monkeypatch):
    assert set(asks({1: 0.05}, monkeypatch)[1]) == {1}


def test_a_short_course_goes_on_in_short_steps(monkeypatch):
    _, _, model = asks({1: 0.5, 1 / 3: 0.4}, monkeypatch, warm_start=True)
    X, y = heights(120, 1.0)
    assert model.n_iter_ == 7  # of 20
    assert model.fit(X, y).n_iter_ == 14
    assert model.set_params(max_epochs=20).fit(X, y).n_iter_ == 34


def test_a_trial_of_a_third_takes_a_third_of_the_passes(monkeypatch):
    monkeypatch.setattr(LSTMRegressor, "_n_steps", lambda self, n_samples: 60)
    X, y = heights(40, 1.0)
    model = LSTMRegressor(**OPTIONS, linear_skip=False).fit(X, y)
    part = model._check_part(FitArguments(X, y, None), reset=False)
    fitted = fitted_on_trial(monkeypatch)
    block = np.arange(30), np.arange(30, 40)
    for share in (1.0, 1 / 3):
        trials._try(model, part, block, 0, Plan(False, "last", epochs_share=share))
    assert [trial.n_iter_ for trial in fitted] == [20, 7]


@pytest.mark.parametrize(("error", "is_encoded"), [(0.8, True), (0.9, False)])
def test_maps_of_windows_that_read_several_columns_must_be_clearly_better(
    error, is_encoded, monkeypatch
):
    rng = np.random.default_rng(0)
    hour = np.arange(300) % 6
    load = np.array([1.0, 5.0, 0.0, 3.0, -2.0, 4.0])[hour] + 0.1 * rng.normal(size=300)
    X, _ = make_windows(np.column_stack([rng.normal(size=300), hour]), 3)
    y, asked = load[3:], []

    def tell(estimator, train, block, seed, plan):
        asked.append((plan.linear_skip, plan.encodes_steps))
        wanted = np.full((5, 1), np.sqrt(error if plan.encodes_steps else 1.0))
        if not plan.linear_skip:
            wanted = wanted * 2
        return trials._Trial(np.zeros((5, 1)), wanted, np.ones(5), np.ones(1))

    monkeypatch.setattr(trials, "_try", tell)
    model = LSTMRegressor(**OPTIONS, max_epochs=1).fit(X, y)
    assert asked[:3] == [(True, False), (True, True), (False, False)]
    assert (model.targets_.linear.reading.encoding is not None) is is_encoded


def test_what_a_trial_is_told_of_columns_is_the_plan(monkeypatch):
    fitted = fitted_on_trial(monkeypatch)
    X = np.random.default_rng(0).integers(3, size=(40, 5, 1))
    y = X[:, 0, 0] + 0.1 * X[:, 1, 0]
    model = LSTMRegressor(**OPTIONS, max_epochs=1, linear_skip=False).fit(X, y)
    part = model._check_part(FitArguments(X, y, None), reset=False)
    block = np.arange(30), np.arange(30, 40)
    for encodes in (True, False):
        trials._try(model, part, block, 0, Plan(True, "last", encodes_steps=encodes))
    assert [trial.targets_.linear.reading.encoding is not None for trial in fitted] == [True, False]
