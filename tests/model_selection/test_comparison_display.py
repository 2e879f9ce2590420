import builtins

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

from sklstm.model_selection import ComparisonDisplay

LEVEL = {"forest": 2.0, "a model with quite a long name": 3.0, "LSTM": 1.0}


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"model": model, "fold": fold, "step": step, "n_train": 10, "n_test": 5}
        | {"fit_seconds": 0.02 * level**5, "predict_seconds": 0.1}
        | {"mae": level + 0.2 * step + 0.3 * rng.normal(), "r2": -level}
        for model, level in LEVEL.items()
        for fold in range(4)
        for step in (1, 2, 3)
    )


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def means_drawn(ax):
    """Return the means by the labels beside them."""
    labels = [label.get_text() for label in ax.get_yticklabels()]
    bars = next(line for line in ax.lines if line.get_marker() == "|")
    return dict(zip(labels, bars.get_xdata(), strict=True))


def test_means_stand_beside_their_models_best_on_top(scores):
    ax = ComparisonDisplay.from_scores(scores).ax_
    assert means_drawn(ax) == pytest.approx(scores.groupby("model")["mae"].mean().to_dict())
    assert next(iter(means_drawn(ax))) == "LSTM"
    assert ax.yaxis_inverted()


def test_there_is_a_dot_a_fold(scores):
    display = ComparisonDisplay.from_scores(scores)
    dots = np.stack([line.get_xdata() for line in display.ax_.lines if line.get_marker() == "o"])
    folds = scores.groupby(["fold", "model"])["mae"].mean().unstack()[display.models]
    np.testing.assert_allclose(dots, folds)


def test_arrays_are_kept(scores):
    display = ComparisonDisplay.from_scores(scores, "mae")
    assert display.models == ["LSTM", "forest", "a model with quite a long name"]
    assert display.values.shape == (3, 4, 3)
    one = scores.query("model == 'forest' and fold == 2 and step == 3")["mae"].item()
    assert display.values[1, 2, 2] == one
    assert display.steps.tolist() == [1, 2, 3]
    np.testing.assert_allclose(display.fit_seconds, [0.02, 0.64, 4.86])


def test_times_are_told(scores):
    texts = [text.get_text() for text in ComparisonDisplay.from_scores(scores).ax_.texts]
    assert texts == ["20 ms", "640 ms", "4.86 s", "fit"]


def test_more_is_better_of_a_score(scores):
    assert ComparisonDisplay.from_scores(scores, "r2").models[0] == "LSTM"
    scores = scores.rename(columns={"mae": "gain"})
    display = ComparisonDisplay.from_scores(scores, "gain", greater_is_better=True)
    assert display.models[-1] == "LSTM"


def test_curves_are_means_over_folds(scores):
    display = ComparisonDisplay.from_scores(scores, kind="step")
    expected = scores.groupby(["model", "step"])["mae"].mean()
    for line in display.ax_.lines:
        assert line.get_xdata().tolist() == [1, 2, 3]
        np.testing.assert_allclose(line.get_ydata(), expected[line.get_label()])


def test_what_is_missing_does_not_count(scores):
    scores.loc[(scores["fold"] == 1) & (scores["step"] == 2), "mae"] = np.nan
    scores.loc[scores["step"] == 3, "mae"] = np.nan
    display = ComparisonDisplay.from_scores(scores)
    folds = scores.groupby(["model", "fold"])["mae"].mean()
    expected = folds.groupby("model").mean().to_dict()
    assert means_drawn(display.ax_) == pytest.approx(expected)
    for line in display.plot(kind="step").ax_.lines:
        assert np.isnan(line.get_ydata()).tolist() == [False, False, True]


@pytest.mark.parametrize("kind", ["fold", "step"])
def test_draws_into_axes(scores, kind, tmp_path):
    figure, ax = plt.subplots()
    display = ComparisonDisplay.from_scores(scores, kind=kind, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.plot(kind=kind) is display
    assert display.ax_ is not ax
    display.figure_.savefig(tmp_path / "comparison.png")


def test_bad_requests(scores):
    with pytest.raises(ValueError, match="'kind' parameter must be 'fold' or 'step'"):
        ComparisonDisplay.from_scores(scores, kind="bar")
    with pytest.raises(ValueError, match="metric='mse' is no metric"):
        ComparisonDisplay.from_scores(scores, "mse")
    with pytest.raises(ValueError, match="in some fold"):
        ComparisonDisplay.from_scores(scores.iloc[3:])


def test_without_matplotlib_the_message_says_so(scores, monkeypatch):
    def refuse(name, *args):
        if name.startswith("matplotlib"):
            raise ImportError
        return real(name, *args)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"ComparisonDisplay\.plot requires matplotlib"):
        ComparisonDisplay.from_scores(scores)
