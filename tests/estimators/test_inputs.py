import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from torch import nn

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMSeq2SeqClassifier,
    LSTMSeq2SeqRegressor,
    LSTMTranscriber,
    make_windows,
)
from sklstm.nn import Differences, Embedding, Features, PiecewiseLinear, Quantile, Standardize

OPTIONS = {"hidden_layer_sizes": 8, "random_state": 0, "device": "cpu", "max_epochs": 3}
both = pytest.mark.parametrize("estimator", [LSTMRegressor, LSTMClassifier])


def tokens(n=400, n_timesteps=6, seed=0):
    """Symbols in no order: the class is told by how many even ones there are."""
    rng = np.random.default_rng(seed)
    X = rng.integers(20, size=(n, n_timesteps, 1))
    return X, ((X[:, :, 0] % 2).sum(axis=1) > n_timesteps / 2).astype(int)


def gaps(share=0.2, n=120, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6, 2))
    y = X[:, :, 0].sum(axis=1)
    X[rng.uniform(size=X.shape) < share] = np.nan
    X[:, 0] = np.nan_to_num(X[:, 0])  # a step without any value at the head would be absent
    X[:, -1] = np.nan_to_num(X[:, -1])
    return X, y


def target(estimator, y):
    return y if estimator is LSTMRegressor else (y > np.median(y)).astype(int)


# ---------------------------------------------------------------- symbols


def test_symbols_become_vectors():
    X, y = tokens()
    options = {**OPTIONS, "hidden_layer_sizes": 16, "max_epochs": 30}
    model = LSTMClassifier(categorical_features=[0], **options).fit(X[:300], y[:300])
    numbers = LSTMClassifier(feature_encoding="standard", **options).fit(X[:300], y[:300])
    assert model.categorical_ == [0]
    assert isinstance(model.module_.inputs.encoded.layers[0], Embedding)
    assert model.score(X[300:], y[300:]) > max(0.9, numbers.score(X[300:], y[300:]) + 0.1)


@both
@pytest.mark.parametrize("given", [[0], [True], "from_dtype", [-1]])
def test_spellings_of_symbols(estimator, given):
    X, y = tokens(60)
    expected = estimator(**OPTIONS, categorical_features=[0]).fit(X, y).predict(X)
    assert_array_equal(
        estimator(**OPTIONS, categorical_features=given).fit(X, y).predict(X), expected
    )


@both
def test_sequences_of_tokens_may_be_ragged_tables_or_named(estimator):
    X, y = tokens(60)
    table = estimator(**OPTIONS, categorical_features="from_dtype").fit(X[:, :, 0], y)
    ragged = [sequence[: 3 + i % 4] for i, sequence in enumerate(X)]
    lists = estimator(**OPTIONS, categorical_features="from_dtype").fit(ragged, y)
    frames = [pd.DataFrame({"noise": np.ones(len(s)), "token": s[:, 0]}) for s in ragged]
    named = estimator(**OPTIONS, categorical_features=["token"]).fit(frames, y)
    assert table.categorical_ == lists.categorical_ == [0]
    assert named.categorical_ == [1]


def as_objects(sequences):
    objects = np.empty(len(sequences), dtype=object)
    objects[:] = sequences
    return objects


@both
@pytest.mark.parametrize(
    "hold",
    [
        as_objects,
        lambda sequences: pd.Series(sequences),
        lambda sequences: [sequence.tolist() for sequence in sequences],
        lambda sequences: [pd.DataFrame(s, columns=["token"], dtype="Int64") for s in sequences],
        lambda sequences: [torch.as_tensor(sequence) for sequence in sequences],
    ],
    ids=["objects", "Series", "lists", "frames", "tensors"],
)
def test_integers_are_symbols_whatever_holds_them(estimator, hold):
    X, y = tokens(60)
    ragged = [sequence[: 3 + i % 4] for i, sequence in enumerate(X.astype(int))]
    model = estimator(**OPTIONS, categorical_features="from_dtype")
    expected = model.fit(ragged, y).predict(ragged)
    assert model.categorical_ == [0]
    assert_array_equal(model.fit(hold(ragged), y).predict(hold(ragged)), expected)
    assert model.categorical_ == [0]
    assert model.fit(as_objects([s.astype(float) for s in ragged]), y).categorical_ == []


@both
def test_integers_of_pandas_own_are_symbols(estimator):
    X, y = tokens(60)
    model = estimator(**OPTIONS, categorical_features="from_dtype")
    for dtype in ("Int64", "category"):
        table = pd.DataFrame(X[:, :, 0].astype(int)).astype(dtype)
        assert model.fit(table, y).categorical_ == [0]
    assert model.fit(table.astype(float), y).categorical_ == []


@both
def test_unknown_symbols_are_all_alike(estimator):
    X, y = tokens(60)
    model = estimator(**OPTIONS, categorical_features=[0]).fit(X, y)
    outputs = []
    for symbol in (20, 77, -3):
        strange = X[:5].copy()
        strange[:, 2] = symbol
        outputs.append(model.predict(strange))
    assert_array_equal(outputs[0], outputs[1])
    assert_array_equal(outputs[0], outputs[2])


def test_symbols_are_neither_anchor_nor_in_the_linear_map():
    rng = np.random.default_rng(0)
    level = rng.integers(50, size=300).cumsum().astype(float)
    X, y = make_windows(np.column_stack([level, rng.normal(size=300)]), 5, target=0)
    plain = LSTMRegressor(**OPTIONS).fit(X, y)
    symbols = LSTMRegressor(**OPTIONS, categorical_features=[0]).fit(X, y)
    assert plain.anchor_features_.tolist() == [0]
    assert symbols.anchor_features_.tolist() == [-1]
    linear = symbols.targets_.linear
    assert linear is None or not linear.coef[:, 0].any()


@both
@pytest.mark.parametrize("given", [["port"], [7], "all"])
def test_bad_symbols_leave_the_model_as_it_was(estimator, given):
    X, y = tokens(40)
    model = estimator(**OPTIONS).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="categorical_features"):
        model.set_params(categorical_features=given).fit(X, y)
    assert_array_equal(model.set_params(categorical_features=None).predict(X), before)


@both
def test_frames_must_have_the_columns_of_fit(estimator):
    X, y = tokens(40)
    frames = [pd.DataFrame({"a": s[:, 0], "b": np.ones(len(s))}) for s in X]
    turned = [frame[["b", "a"]] for frame in frames]
    model = estimator(**OPTIONS, categorical_features=["a"]).fit(frames, y)
    assert model.step_names_ == ["a", "b"]
    with pytest.raises(ValueError, match="must be those of fit, in their order"):
        model.predict(turned)
    with pytest.raises(ValueError, match="X\\[0\\] has \\['b', 'a'\\] and X\\[1\\] has"):
        model.fit([turned[0], *frames[1:]], y)
    assert_array_equal(model.predict(frames), model.predict([f.to_numpy() for f in frames]))


@both
def test_numbers_among_integers_are_numbers(estimator):
    X, y = tokens(40)
    mixed = [X[0], *(sequence + 0.5 for sequence in X[1:])]
    model = estimator(**OPTIONS, categorical_features="from_dtype").fit(mixed, y)
    assert model.categorical_ == []


@both
def test_categories_that_float32_cannot_tell_apart(estimator):
    X, y = tokens(40)
    with pytest.raises(ValueError, match=r"Feature 0, .*precision='float64'"):
        estimator(**OPTIONS, categorical_features=[0]).fit(X + 2**24, y)
    model = estimator(**OPTIONS, categorical_features=[0], precision="float64").fit(X + 2**24, y)
    assert model.module_.inputs.encoded.layers[0].categories.max() == X.max() + 2**24


@both
def test_a_feature_without_a_value_has_no_category(estimator):
    X, y = np.random.default_rng(0).normal(size=(60, 5, 2)), np.arange(60) % 2
    X[:, :, 1] = np.nan
    X[7, 2, 1] = 3
    options = {**OPTIONS, "categorical_features": [1], "missing_values": "indicator"}
    assert np.isfinite(estimator(**options).fit(X, y).predict(X)).all()
    X[7, 2, 1] = np.nan
    assert np.isfinite(estimator(**options).fit(X, y).predict(X)).all()


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("encoding", "kind"), [("quantile", Quantile), ("piecewise_linear", PiecewiseLinear)]
)
@both
def test_encodings_by_name(estimator, encoding, kind):
    X, y = np.random.default_rng(0).normal(size=(50, 5, 2)), np.arange(50) % 2
    model = estimator(**OPTIONS, feature_encoding=encoding).fit(X, y)
    assert all(isinstance(layer, kind) for layer in model.module_.inputs.encoded.layers)
    assert_allclose(model.predict(X[3:4]), model.predict(X)[3:4])


@both
def test_bins_stand_beside_the_numbers_that_are_standardised(estimator):
    rng = np.random.default_rng(0)
    numbers, flags = rng.normal(size=(50, 5, 1)), rng.integers(2, size=(50, 5, 1))
    X = np.concatenate([numbers, flags, rng.choice([40.0, 52, 1500], size=(50, 5, 1))], axis=2)
    options = {**OPTIONS, "feature_encoding": "concat", "random_state": 0}
    model = estimator(**options).fit(X, np.arange(50) % 2)
    inputs = model.module_.inputs
    assert inputs.numbers == [0, 1]
    assert inputs.encoded.features == [0, 2]
    assert [layer.n_outputs for layer in inputs.encoded.layers] == [16, 2]
    encoded = inputs(torch.as_tensor(X[:1], dtype=torch.float32), None)
    standardised = (numbers[0, :, 0] - numbers.mean()) / numbers.std()
    assert_allclose(encoded[0, :, 0], standardised, atol=1e-6)
    n_numbers = inputs.n_outputs - inputs.encoded.n_outputs
    places = np.searchsorted(np.sort(numbers.ravel()), numbers[0, :, 0]) / (numbers.size - 1)
    assert_allclose(encoded[0, :, n_numbers : n_numbers + 16].mean(dim=1), places, atol=0.02)
    assert_allclose(model.predict(X[3:4]), model.predict(X)[3:4])


def test_auto_takes_bins_for_sizes_of_packets():
    rng = np.random.default_rng(0)
    sizes = rng.choice([40.0, 52, 576, 1500], size=(300, 8, 1))
    times = rng.normal(size=(300, 8, 1))
    y = ((sizes == 52) | (sizes == 576)).sum(axis=(1, 2)) > 4
    X = np.concatenate([times, sizes], axis=2)
    options = {**OPTIONS, "hidden_layer_sizes": 16, "max_epochs": 40}
    model = LSTMClassifier(**options).fit(X[:200], y[:200])
    assert model.module_.inputs.encoded.features == [1]
    assert model.score(X[200:], y[200:]) > 0.9


def test_auto_leaves_well_spread_and_unscaled_numbers_alone():
    X, y = np.random.default_rng(0).normal(size=(50, 5, 2)), np.arange(50.0)
    assert isinstance(LSTMRegressor(**OPTIONS).fit(X, y).module_.inputs, Standardize)
    whole = np.round(X)
    assert isinstance(LSTMRegressor(**OPTIONS).fit(whole, y).module_.inputs, Features)
    raw = LSTMRegressor(**OPTIONS, standardize=False).fit(whole, y)
    assert isinstance(raw.module_.inputs, Standardize)


def test_a_feature_told_relative_to_its_end_is_standardised():
    walk = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], size=500).cumsum()
    X, y = make_windows(walk, 6)
    model = LSTMRegressor(**OPTIONS).fit(X, y)
    assert model.anchor_features_.tolist() == [0]
    assert isinstance(model.module_.inputs, Standardize)


# ---------------------------------------------------------------- differences


class Last(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.output = nn.Linear(n_features, n_outputs)

    def forward(self, x, lengths):
        return self.output(x[:, -1])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, True),
        ({"differences": False}, False),
        ({"standardize": False}, False),
        ({"standardize": False, "differences": True}, True),
        ({"module": Last}, False),
        ({"module": Last, "differences": np.True_}, True),
    ],
)
def test_auto_tells_differences_of_what_it_scales(changed, told):
    X, y = np.random.default_rng(0).normal(size=(50, 5, 2)), np.arange(50) % 2
    inputs = LSTMClassifier(**OPTIONS, **changed).fit(X, y).module_.inputs
    assert isinstance(inputs, Differences) == told
    assert inputs.n_outputs == (4 if told else 2)
    if told:
        assert (inputs.scale == 1).all() == ("standardize" in changed)


@pytest.mark.parametrize("differences", ["auto", True])
def test_differences_at_every_step_are_told_when_asked_for(differences):
    X, y = np.random.default_rng(0).normal(size=(50, 5, 2)), np.arange(250).reshape(50, 5) % 2
    model = LSTMClassifier(**OPTIONS, differences=differences, return_sequences=True).fit(X, y)
    assert isinstance(model.module_.inputs, Differences) == (differences is True)
    assert model.predict(X).shape == (50, 5)


def test_sequences_of_one_step_have_no_differences():
    X, y = np.random.default_rng(0).normal(size=(50, 1, 2)), np.arange(50) % 2
    assert isinstance(LSTMClassifier(**OPTIONS).fit(X, y).module_.inputs, Standardize)


def spread_of_told(model, X):
    """Root mean square of the differences that the network sees."""
    n_features = X.shape[2]
    with torch.no_grad():
        told = model.module_.inputs(torch.as_tensor(X, dtype=torch.float32), None)
    return told[:, 1:, n_features : 2 * n_features].square().mean(dim=(0, 1)).sqrt()


def test_scales_of_differences():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 6, 4)), np.arange(50) % 2
    X[:, :, 0] *= 1e3
    X[:, :, 1] = rng.normal(size=(50, 1))  # never changes within a sequence
    X[:, :, 2] = 1e5 + X[:, :, 2].cumsum(axis=1)
    X[:, :, 3] = 100 * rng.normal(size=(50, 1)) + 0.1 * X[:, :, 3]  # hardly changes
    model = LSTMClassifier(**OPTIONS).fit(X, y)
    assert_allclose(spread_of_told(model, X)[:3], [1.0, 0.0, 1.0], rtol=1e-3)
    in_fiftieths = np.sqrt((np.diff(X[:, :, 3]) ** 2).mean()) / X[:, :, 3].std() / 0.02
    assert_allclose(spread_of_told(model, X)[3], in_fiftieths, rtol=1e-2)


def test_scales_of_differences_between_gaps():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 8, 2)).cumsum(axis=1), np.arange(50) % 2
    X[:, 1::2, 0] = np.nan  # never known twice in a row
    model = LSTMClassifier(**OPTIONS, missing_values="indicator").fit(X, y)
    assert_allclose(spread_of_told(model, X), 1.0, rtol=1e-3)


def test_symbols_have_no_differences():
    X, y = tokens(60)
    both_kinds = np.concatenate([X, np.random.default_rng(0).normal(size=X.shape)], axis=2)
    model = LSTMClassifier(**OPTIONS, categorical_features=[0], embedding_size=3)
    assert model.fit(both_kinds, y).module_.inputs.n_outputs == 3 + 2
    assert model.fit(X, y).module_.inputs.n_outputs == 3


def test_shapes_of_the_same_range_are_told_apart():
    """Where values alone overlap, changes do not."""
    rng = np.random.default_rng(0)
    time, phase = np.arange(40), rng.uniform(0, 2 * np.pi, size=(90, 1))
    y = np.arange(90) % 2
    X = np.sin(time * np.where(y, 0.50, 0.56)[:, None] + phase)
    X += 20 * rng.normal(size=(90, 1))  # levels hide it
    options = {**OPTIONS, "hidden_layer_sizes": 16, "max_epochs": 60}
    scores = [
        LSTMClassifier(**options, differences=told).fit(X[:60], y[:60]).score(X[60:], y[60:])
        for told in (False, True)
    ]
    assert scores[1] > max(0.8, scores[0])


# ---------------------------------------------------------------- missing values


@both
def test_missing_values_are_an_error_unless_handled(estimator):
    X, y = gaps()
    y = target(estimator, y)
    with pytest.raises(ValueError, match="missing_values='indicator'"):
        estimator(**OPTIONS).fit(X, y)
    model = estimator(**OPTIONS, missing_values="indicator").fit(X, y)
    assert np.isfinite(model.predict(X).astype(float)).all()
    assert model.module_.inputs.missing == [0, 1]
    assert model.__sklearn_tags__().input_tags.allow_nan


@both
def test_indicators_are_of_features_that_had_gaps_in_training(estimator):
    X, y = gaps()
    y = target(estimator, y)
    X[:, :, 1] = 0.5
    model = estimator(**OPTIONS, missing_values="indicator").fit(X, y)
    assert model.module_.inputs.missing == [0]
    X[:, 2, 1] = np.nan  # which carries the same number on
    filled = np.where(np.isnan(X[:, :, 1:]), 0.5, X[:, :, 1:])
    expected = model.predict(np.concatenate([X[:, :, :1], filled], axis=2))
    assert_array_equal(model.predict(X), expected)


@both
def test_a_sequence_with_gaps_does_not_depend_on_its_neighbours(estimator):
    X, y = gaps()
    model = estimator(**OPTIONS, missing_values="indicator").fit(X, target(estimator, y))
    together = model.predict(X)
    for row in (0, 7, 31):
        assert_allclose(model.predict(X[row : row + 1]), together[row : row + 1], rtol=1e-12)


@both
def test_without_gaps_nothing_changes(estimator):
    X, y = gaps(share=0)
    y = target(estimator, y)
    expected = estimator(**OPTIONS).fit(X, y).predict(X)
    assert_allclose(
        estimator(**OPTIONS, missing_values="indicator").fit(X, y).predict(X), expected, rtol=1e-5
    )


def test_a_level_with_gaps_is_followed():
    rng = np.random.default_rng(0)
    series = np.arange(400) * 0.3 + rng.normal(size=400)
    X, y = make_windows(series, 8)
    X = X.copy()[:, :, None] if X.ndim == 2 else X.copy()
    X[rng.uniform(size=X.shape) < 0.2] = np.nan
    X[:, 0] = 0.0
    ragged = list(X)  # where a step without values is not absent
    options = {**OPTIONS, "max_epochs": 20, "missing_values": "indicator"}
    model = LSTMRegressor(**options).fit(ragged[:250], y[:250])
    assert model.anchor_features_.tolist() == [0]
    assert np.abs(model.predict(ragged[250:]) - y[250:]).mean() < 4
    nothing = np.full((1, 8, 1), np.nan)
    assert np.isfinite(model.predict([nothing[0]])).all()


# ---------------------------------------------------------------- far values


def spiked(n=200, value=-9999.0, seed=0):
    """Two waves, the second of them at times not measured; the target is told by it."""
    rng = np.random.default_rng(seed)
    turn = rng.uniform(0.2, 0.8, size=(n, 1, 2)) * np.arange(24)[:, None]
    X = np.sin(turn + rng.uniform(0, 6, size=(n, 1, 2))) + 0.1 * rng.normal(size=(n, 24, 2))
    y = turn[:, -1, 1]
    X[:, :, 1][rng.uniform(size=(n, 24)) < 0.002] = value
    return X, y


SEQUENCES = {
    "dense": lambda X: X,
    "ragged": lambda X: [x[: 20 + i % 5] for i, x in enumerate(X)],
}


@pytest.mark.parametrize("form", SEQUENCES)
@pytest.mark.parametrize(
    ("estimator", "answer"),
    [
        (LSTMRegressor, lambda y: y),
        (LSTMRegressor, lambda y: np.stack([y, y**2], axis=1)),
        (LSTMClassifier, lambda y: y > y.mean()),
        (LSTMSeq2SeqRegressor, lambda y: np.stack([y, -y], axis=1)),
        (LSTMSeq2SeqClassifier, lambda y: [["a", "b"] if value > 10 else ["b"] for value in y]),
        (LSTMTranscriber, lambda y: [["a", "b"] if value > 10 else ["b"] for value in y]),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_fits_are_those_of_values_that_were_clipped(estimator, answer, form):
    X, y = spiked(60)
    y = answer(y)
    model = estimator(**OPTIONS).fit(SEQUENCES[form](X), y)
    low, high = model.input_limits_
    assert -4 < low[1] < -2
    assert 2 < high[1] < 4
    clipped = SEQUENCES[form](np.clip(X, low, high))
    before = estimator(**OPTIONS).fit(clipped, y)
    assert before.input_limits_ is None
    for one, other in ((model, before), (model, model)):
        mine, theirs = one.predict(SEQUENCES[form](X)), other.predict(clipped)
        if isinstance(model, LSTMSeq2SeqClassifier | LSTMTranscriber):
            assert [list(a) for a in mine] == [list(b) for b in theirs]
        else:
            assert_array_equal(mine, theirs)


@both
def test_what_validates_is_read_within_the_limits_too(estimator):
    X, y = spiked(60)
    y = target(estimator, y)
    model = estimator(**OPTIONS, early_stopping=True).fit(X, y, X_val=X, y_val=y)
    clipped = np.clip(X, *model.input_limits_)
    before = estimator(**OPTIONS, early_stopping=True).fit(clipped, y, X_val=clipped, y_val=y)
    assert model.validation_loss_curve_ == before.validation_loss_curve_
    assert model.best_validation_score_ == before.best_validation_score_


def test_a_beam_reads_within_the_limits():
    X, y = spiked(60)
    y = [["a", "b"] if value > 10 else ["b"] for value in y]
    model = LSTMSeq2SeqClassifier(**OPTIONS, beam_width=2).fit(X, y)
    clipped = np.clip(X, *model.input_limits_)
    decoded = [list(answer) for answer in model.predict(X)]
    assert decoded == [list(answer) for answer in model.predict(clipped)]
    assert len({tuple(answer) for answer in decoded}) > 1
    model.input_limits_ = np.zeros((2, 2))
    assert len({tuple(answer) for answer in model.predict(X)}) == 1


@pytest.mark.parametrize("value", [-9999.0, 1e8])
def test_values_that_are_far_away_drown_no_others(value):
    X, y = spiked(400, value)
    options = {**OPTIONS, "hidden_layer_sizes": 16, "max_epochs": 60}
    model = LSTMRegressor(**options).fit(X[:300], y[:300])
    assert model.score(X[300:], y[300:]) > 0.8
    labels = y > np.median(y)
    classifier = LSTMClassifier(**options).fit(X[:300], labels[:300])
    assert classifier.score(X[300:], labels[300:]) > 0.85


def test_a_forecast_from_a_sensor_with_sentinels():
    time = np.arange(600)
    wave = 20 + 5 * np.sin(time / 4) + 0.1 * np.random.default_rng(0).normal(size=600)
    X, y = make_windows(wave, 12)
    X = np.array(X)
    X[np.random.default_rng(1).uniform(size=X.shape) < 0.001] = -9999.0
    model = LSTMRegressor(**{**OPTIONS, "max_epochs": 20}).fit(X[:400], y[:400])
    assert np.isfinite(model.input_limits_).all()
    assert model.score(X[400:], y[400:]) > 0.9


@both
def test_what_comes_later_has_no_say_in_the_limits(estimator):
    X, y = spiked(60, value=0.0)
    y = target(estimator, y)
    model = estimator(**OPTIONS).fit(X, y)
    assert model.input_limits_ is None
    far, _ = spiked(60)
    assert np.isfinite(model.predict(far)).all()
    model = estimator(**OPTIONS, early_stopping=True).fit(X, y, X_val=far, y_val=y)
    assert model.input_limits_ is None
    limits = estimator(**OPTIONS).fit(far, y).input_limits_
    model = estimator(**OPTIONS).partial_fit(far, y, **_classes(estimator, y))
    model.partial_fit(X, y)
    assert_array_equal(model.input_limits_, limits)


def _classes(estimator, y):
    return {"classes": np.unique(y)} if estimator is LSTMClassifier else {}


@both
def test_symbols_and_what_is_not_to_be_scaled_have_no_limits(estimator):
    X, y = spiked(60)
    y = target(estimator, y)
    assert estimator(**OPTIONS, standardize=False).fit(X, y).input_limits_ is None
    X = np.round(X)
    assert estimator(**OPTIONS).fit(X, y).input_limits_ is not None
    model = estimator(**OPTIONS, categorical_features=[1]).fit(X, y)
    assert model.input_limits_ is None
    assert -9999 in model.module_.inputs.encoded.layers[1].categories


def test_pixels_have_no_limits():
    images = np.zeros((12, 5, 20))
    images[:, :, ::3] = np.random.default_rng(0).uniform(size=(12, 5, 7))
    images[:, 0] = 0.0
    images[:, 0, :2] = np.random.default_rng(0).uniform(size=(12, 2)) * [0.01, 1]
    images[0, 0, 1] = 1e4
    model = LSTMTranscriber(cell="mdlstm", block_sizes=((2, 2), (1, 2)), max_epochs=1)
    assert model.fit(images, ["ab"] * 12).input_limits_ is None


@both
def test_clones_keep_what_was_asked(estimator):
    model = estimator(
        categorical_features=[0], feature_encoding="quantile", missing_values="indicator"
    )
    assert clone(model).get_params() == model.get_params()
