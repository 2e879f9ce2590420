"""Two steps ahead of 10, 20, ... 90: the walk-through in which most people meet a recurrent layer.

A simple recurrent network, the same with batch normalisation, and an LSTM, on raw numbers and with
none of this package's means of accuracy, so that they are the networks of the walk-through: their
parameters are counted as Keras counts them. Each is trained from several starts, since nothing in
five samples says how to go on behind them. At last the defaults, which take the level out. Writes
``multi_step.png``.

Reference: J. Brownlee, How to develop LSTM models for time series forecasting (2018), the part on
vector output.
"""

import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from sklstm import LSTMRegressor, make_windows

mpl.use("Agg")
from matplotlib import pyplot as plt

SERIES = np.arange(10.0, 100.0, 10.0)  # 10, 20, ... 90
WINDOW, HORIZON = 3, 2
QUESTION, ANSWER = np.array([70.0, 80.0, 90.0]), np.array([100.0, 110.0])
N_STARTS = 5
PICTURE = Path("multi_step.png")

# What the walk-through prescribes: all five samples a step, Adam with a constant rate.
TEXTBOOK = {
    "pooling": "last",
    "linear_skip": False,
    "subtract_last": False,
    "standardize": False,
    "patch_size": 1,
    "feature_encoding": "standard",
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "learning_rate_schedule": "constant",
    "gradient_clip": None,
    "batch_size": 32,
}
MODELS = {
    "RNN": {"cell": "rnn", "activation": "sigmoid", "normalization": None},
    "RNN, batch norm": {"cell": "rnn", "activation": "sigmoid", "normalization": "batch"},
    "LSTM": {"cell": "lstm", "activation": "relu", "normalization": None},
}
N_PARAMETERS = {  # in all, and those that are trained
    "RNN": (2_702, 2_702),
    "RNN, batch norm": (2_906, 2_804),
    "LSTM": (10_502, 10_502),
}


def samples() -> tuple[Any, Any]:
    """Return windows of shape (n, 3, 1) and the two values behind each, of shape (n, 2)."""
    X, y = make_windows(SERIES[:, None], WINDOW, HORIZON)
    return X, y.reshape(len(y), HORIZON)


def build(name: str, *, random_state: int, max_epochs: int = 1_000) -> LSTMRegressor:
    return LSTMRegressor(
        50, max_epochs=max_epochs, random_state=random_state, **TEXTBOOK, **MODELS[name]
    )


def count_parameters(model: LSTMRegressor) -> tuple[int, int]:
    """Count as Keras does: the running statistics of batch normalisation too, but not as trained.

    The second bias of torch's cells is frozen at zero: it is no parameter of the model.
    """
    module = model.module_
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    running = sum(
        buffer.numel()
        for name, buffer in module.named_buffers()
        if name.endswith(("running_mean", "running_var"))
    )
    return trained + running, trained


def train(name: str) -> list[LSTMRegressor]:
    """Fit a model from every start and print what becomes of it."""
    begin = time.perf_counter()
    X, y = samples()
    models = [build(name, random_state=seed).fit(X, y) for seed in range(N_STARTS)]
    seconds = (time.perf_counter() - begin) / N_STARTS
    total, trained = count_parameters(models[0])
    loss = np.median([model.loss_curve_[-1] for model in models])
    answers = forecasts(models)
    print(
        f"{name:<17}{total:>10,}{trained:>9,}{loss:>14.2g}   "
        f"{as_text(answers[0]):<15}{as_text(answers.mean(0)):<15}{as_text(answers.std(0)):<11}"
        f"{seconds:>5.1f} s"
    )
    return models


def forecasts(models: list[LSTMRegressor]) -> Any:
    """Return what follows 70, 80, 90 by each model, of shape (n_models, 2)."""
    return np.array([model.predict(QUESTION.reshape(1, WINDOW, 1))[0] for model in models])


def forecast_by_defaults() -> Any:
    """Return the forecast of the package's defaults and print it, of shape (1, 2)."""
    answer = forecasts([LSTMRegressor(random_state=0).fit(*samples())])
    print(f"{'defaults':<53}{as_text(answer[0])}")
    return answer


def as_text(values: Any) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def draw(trained: dict[str, list[LSTMRegressor]]) -> None:
    """Draw the loss of every start, and the forecasts behind the series."""
    colors = {"RNN": "#9a9a9a", "RNN, batch norm": "#30638e", "LSTM": "#d1495b"}
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6))
    for name, models in trained.items():
        for number, model in enumerate(models):
            left.semilogy(
                np.arange(1, model.n_iter_ + 1),
                model.loss_curve_,
                color=colors[name],
                linewidth=1.6 if number == 0 else 0.7,
                alpha=1.0 if number == 0 else 0.35,
                label=name if number == 0 else None,
            )
    left.set_title("Training loss (thick: the first start)", loc="left")
    left.set_xlabel("epoch")
    left.set_ylabel("mean squared error")
    left.set_xlim(1, None)
    left.legend(frameon=False, loc="lower left")
    steps = np.arange(1, len(SERIES) + HORIZON + 1)
    right.plot(steps[: len(SERIES)], SERIES, "o-", color="black", markersize=4, label="series")
    ahead = steps[len(SERIES) :]
    right.plot(ahead, ANSWER, "o", color="black", markerfacecolor="white", label="its continuation")
    for name, models in trained.items():
        for number, forecast in enumerate(forecasts(models)):
            label = name if number == 0 else None
            right.plot(ahead, forecast, "x-", color=colors[name], alpha=0.6, label=label)
    right.set_title("What follows 70, 80, 90, from all starts", loc="left")
    right.set_xlabel("step")
    right.set_xlim(5.5, None)  # the rise of the first steps tells nothing more
    right.legend(frameon=False, loc="upper left")
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=100)


def check(trained: dict[str, list[LSTMRegressor]], by_defaults: Any) -> None:
    """Stop with a message where a result is not as stated."""
    for name, models in trained.items():
        counted = count_parameters(models[0])
        assert counted == N_PARAMETERS[name], f"{name} has {counted} parameters"
    errors = {name: forecasts(models) - ANSWER for name, models in trained.items()}
    bias = np.abs(errors["LSTM"].mean(axis=0)).max()
    assert bias < 3, f"the LSTM's mean forecast is {bias:.1f} off"
    worst = np.abs(errors["LSTM"]).max()
    assert worst < 10, f"an LSTM's forecast is {worst:.1f} off"
    assert errors["RNN"].max() < -40, "the RNN has come near the values within these epochs"
    assert errors["RNN, batch norm"].max() < 0, "a normalised RNN goes beyond the right answer"
    for name in ("RNN, batch norm", "LSTM"):
        loss = max(model.loss_curve_[-1] for model in trained[name])
        assert loss < 1, f"{name} has not learnt the samples: loss {loss:.2g}"
    assert np.abs(by_defaults - ANSWER).max() < 0.01, f"the defaults say {by_defaults}"


def main() -> None:
    """Print the table, draw the picture and check what is stated."""
    print(
        f"{'model':<17}{'parameters':>10}{'trained':>9}{'median loss':>14}   "
        f"{'first start':<15}{'mean':<15}{'spread':<11}{'fit':>6}"
    )
    trained = {name: train(name) for name in MODELS}
    by_defaults = forecast_by_defaults()
    draw(trained)
    print(f"\nLoss curves and forecasts of {N_STARTS} starts each: {PICTURE}")
    check(trained, by_defaults)


if __name__ == "__main__":
    main()
