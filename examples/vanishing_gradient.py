"""Why there is an LSTM: gradients that vanish, tasks of long memory, and gradients that explode.

The same plain network, once with Elman's cell and once with the LSTM's, in four experiments: how
much of a change of the state is left many steps later; the adding problem; a word early in a
sentence that decides its last one; and training without and with a bound on the gradient. Writes
``vanishing_gradient.png``.

References: Y. Bengio, P. Simard, P. Frasconi, Learning long-term dependencies with gradient descent
is difficult (1994); S. Hochreiter, J. Schmidhuber, Long short-term memory (1997); R. Pascanu,
T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural networks (2013).
"""

import time
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from sklearn.base import clone
from sklearn.metrics import root_mean_squared_error
from torch import nn
from torch.func import jacrev, vmap

from sklstm import LSTMClassifier, LSTMRegressor

mpl.use("Agg")
from matplotlib import pyplot as plt

CELLS = ("rnn", "lstm")
# When the derivative is looked at: of the LSTM also with all forget gates at a bias of one.
START, ONES, TRAINED = "at start", "biases one", "trained"
STYLES = {START: "--", ONES: ":", TRAINED: "-"}
COLORS = {"rnn": "#30638e", "lstm": "#d1495b"}
LABELS = {"rnn": "RNN", "lstm": "LSTM"}
PICTURE = Path("vanishing_gradient.png")

N_ADDING, ADDING_STEPS = 5_000, 150
N_NORM_SEQUENCES = 16

LANGUAGES = {
    "France": "French",
    "Spain": "Spanish",
    "Italy": "Italian",
    "Poland": "Polish",
    "Japan": "Japanese",
    "Greece": "Greek",
    "Turkey": "Turkish",
    "Finland": "Finnish",
}
# fmt: off
FILLERS = (
    "and", "then", "she", "he", "travelled", "worked", "read", "many", "old", "books",
    "about", "stars", "rivers", "for", "years", "with", "friends", "before", "today",
    "always", "often", "quietly", "there", "while", "music",
)
# fmt: on
VOCABULARY = ["who", "grew", "up", "in", "speaks", *LANGUAGES, *FILLERS]
N_SENTENCES, TRAINED_LAGS, TESTED_LAGS = 10_000, (10, 40), (10, 20, 30, 40, 60, 80, 100)

CLIP_STEPS, CLIP_EPOCHS, CLIP_SEEDS = 50, 20, (0, 1, 2)

# The same for both cells: one layer, read from its last state.
PLAIN = {
    "bidirectional": False,
    "pooling": "last",
    "normalization": None,
    "patch_size": 1,
    "random_state": 0,
}
PLAIN_REGRESSOR = {**PLAIN, "subtract_last": False, "linear_skip": False}


def adding_problem(n_samples: int, n_steps: int, seed: int) -> tuple[Any, Any]:
    """Numbers in [0, 1], of which one in each half is marked; y is the sum of the two."""
    rng = np.random.default_rng(seed)
    values, marks = rng.uniform(size=(n_samples, n_steps)), np.zeros((n_samples, n_steps))
    half = n_steps // 2
    places = rng.integers(half, size=(n_samples, 2)) + np.array([0, half])
    np.put_along_axis(marks, places, 1.0, axis=1)
    return np.stack([values, marks], axis=2), (values * marks).sum(axis=1)


def make_sentences(n_samples: int, shortest: int, longest: int, seed: int) -> tuple[list[Any], Any]:
    """Return sentences as arrays of tokens, and the language that each ends with.

    "who grew up in France ... speaks": between country and verb stand `shortest` to `longest`
    words drawn at random, which have nothing to say.
    """
    rng = np.random.default_rng(seed)
    token = {word: number for number, word in enumerate(VOCABULARY)}
    countries = rng.choice(list(LANGUAGES), size=n_samples)
    sentences = [
        np.array([token[word] for word in ("who", "grew", "up", "in", country)])
        for country in countries
    ]
    first_filler = token[FILLERS[0]]
    lags = rng.integers(shortest, longest + 1, size=n_samples)
    fillers = [rng.integers(first_filler, len(VOCABULARY), size=lag) for lag in lags]
    X = [
        np.concatenate([begin, between, [token["speaks"]]])
        for begin, between in zip(sentences, fillers, strict=True)
    ]
    return X, np.array([LANGUAGES[country] for country in countries])


def adding_model(cell: str) -> LSTMRegressor:
    return LSTMRegressor(32, cell=cell, max_epochs=20, **PLAIN_REGRESSOR)


def sentence_model(cell: str) -> LSTMClassifier:
    return LSTMClassifier(
        64,
        cell=cell,
        dropout=0.0,
        categorical_features="from_dtype",
        learning_rate=2e-3,
        max_epochs=16,
        batch_size=128,
        **PLAIN,
    )


def clip_model(cell: str, clip: float | None, seed: int) -> LSTMRegressor:
    options = {**PLAIN_REGRESSOR, "random_state": seed}
    return LSTMRegressor(
        32,
        cell=cell,
        optimizer="sgd",
        learning_rate=0.1,
        batch_size=32,
        gradient_clip=clip,
        **options,
    )


def untrained(model: Any, X: Any, y: Any) -> Any:
    """Return the network that the model's fit begins with: a rate so small changes no weight."""
    return clone(model).set_params(learning_rate=1e-30, max_epochs=1).fit(X, y)


def with_biases_of_one(model: Any) -> Any:
    """Return a copy of an LSTM in which no unit is made to remember: all forget gates are alike."""
    model = deepcopy(model)
    layer = model.module_.recurrent[0].forward_layer
    with torch.no_grad():
        layer.bias_ih_l0.zero_()
        layer.bias_ih_l0[layer.hidden_size : 2 * layer.hidden_size] = 1.0
    return model


def next_state(layer: nn.RNNBase, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """One step of one sequence: h of an RNN, (h, c) side by side of an LSTM."""
    h = state[: layer.hidden_size]
    gates = layer.weight_ih_l0 @ x + layer.weight_hh_l0 @ h + layer.bias_ih_l0 + layer.bias_hh_l0
    if isinstance(layer, nn.RNN):
        return torch.tanh(gates)
    i, f, g, o = gates.chunk(4)
    c = f.sigmoid() * state[layer.hidden_size :] + i.sigmoid() * g.tanh()
    return torch.cat([o.sigmoid() * c.tanh(), c])


def gradient_norms(model: Any, X: Any) -> Any:
    """Return the spectral norm of d state_T / d state_(T - lag) for lag = 1, 2, ..., T.

    The state is all that the cell hands on, hence (h, c) of an LSTM; T is the last step. The
    derivative is the product of those of single steps. Geometric mean over the sequences.
    """
    layer = deepcopy(model.module_.recurrent[0].forward_layer).double()
    step = partial(next_state, layer)
    width = layer.hidden_size * (1 if isinstance(layer, nn.RNN) else 2)
    with torch.no_grad():
        x = model.module_.inputs(torch.as_tensor(X, dtype=torch.float32), None).double()
        state = x.new_zeros(len(x), width)
        jacobians = []
        for t in range(x.shape[1]):
            jacobians.append(vmap(jacrev(step, argnums=1))(x[:, t], state))
            state = vmap(step)(x[:, t], state)
        product, norms = torch.eye(width, dtype=x.dtype), []
        for jacobian in reversed(jacobians):
            product = product @ jacobian  # (sequences, width, width)
            norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms).log().mean(1).exp().numpy()


def compare_on_adding() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Print the errors; return truth and predictions, errors, and norms at start and after."""
    X, y = adding_problem(N_ADDING, ADDING_STEPS, seed=0)
    X_test, y_test = adding_problem(1_000, ADDING_STEPS, seed=1)
    predicted, errors, norms = {"truth": y_test}, {"naive": y_test.std()}, {}
    for cell in CELLS:
        begin = time.perf_counter()
        model = adding_model(cell).fit(X, y)
        seconds = time.perf_counter() - begin
        predicted[cell] = model.predict(X_test)
        errors[cell] = root_mean_squared_error(y_test, predicted[cell])
        report(f"adding, {ADDING_STEPS} steps", LABELS[cell], "RMSE", errors[cell], seconds)
        watched = X_test[:N_NORM_SEQUENCES]
        start = untrained(model, X, y)
        norms[cell, START] = gradient_norms(start, watched)
        if cell == "lstm":
            norms[cell, ONES] = gradient_norms(with_biases_of_one(start), watched)
        norms[cell, TRAINED] = gradient_norms(model, watched)
    report(f"adding, {ADDING_STEPS} steps", "naive", "RMSE", errors["naive"])
    return predicted, errors, norms


def compare_on_sentences() -> dict[str, list[float]]:
    """Print and return the accuracies at each number of words between country and verb."""
    X, y = make_sentences(N_SENTENCES, *TRAINED_LAGS, seed=0)
    accuracies = {}
    for cell in CELLS:
        begin = time.perf_counter()
        model = sentence_model(cell).fit(X, y)
        seconds = time.perf_counter() - begin
        accuracies[cell] = [
            model.score(*make_sentences(1_000, lag, lag, seed=lag)) for lag in TESTED_LAGS
        ]
        for lag, spent in ((TRAINED_LAGS[1], seconds), (TESTED_LAGS[-1], None)):
            accuracy = accuracies[cell][TESTED_LAGS.index(lag)]
            report(f"language, {lag} words", LABELS[cell], "accuracy", accuracy, spent)
    report("language", "chance", "accuracy", 1 / len(LANGUAGES))
    return accuracies


def loss_curve(model: LSTMRegressor, X: Any, y: Any) -> list[float]:
    """Return the loss of each epoch, up to the one in which training diverges, if it does."""
    losses: list[float] = []
    for _ in range(CLIP_EPOCHS):
        try:
            model.partial_fit(X, y)
        except ValueError as error:
            if "diverged" not in str(error):
                raise
            break
        losses.append(model.loss_curve_[-1])
    return losses


def compare_clipping() -> dict[tuple[str, float | None], list[list[float]]]:
    """Print how training ends without and with a bound of 1 on the gradient's norm."""
    X, y = adding_problem(2_000, CLIP_STEPS, seed=0)
    curves = {}
    for cell in CELLS:
        for clip in (None, 1.0):
            seeds = CLIP_SEEDS if cell == "rnn" else CLIP_SEEDS[:1]
            curves[cell, clip] = [loss_curve(clip_model(cell, clip, s), X, y) for s in seeds]
            ends = ", ".join(
                f"{losses[-1]:.2f}" if len(losses) == CLIP_EPOCHS else "diverged"
                for losses in curves[cell, clip]
            )
            bound = "no clipping" if clip is None else "clipped at 1"
            print(f"{f'SGD, {bound}':<24}{LABELS[cell]:<8}{'loss':<10}{ends}")
    return curves


def report(task: str, cell: str, score: str, value: float, seconds: float | None = None) -> None:
    fit = "" if seconds is None else f"{seconds:>8.1f} s"
    print(f"{task:<24}{cell:<8}{score:<10}{value:>6.3f}{fit}")


def draw(norms: Any, predicted: Any, accuracies: Any, curves: Any) -> None:
    """Draw the four experiments."""
    figure, axes = plt.subplots(2, 2, figsize=(11, 8.5))
    draw_norms(axes[0, 0], norms)
    draw_adding(axes[0, 1], predicted)
    draw_accuracies(axes[1, 0], accuracies)
    draw_curves(axes[1, 1], curves)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout(h_pad=2.5, w_pad=2.5)
    figure.savefig(PICTURE, dpi=75)


def draw_norms(axis: Any, norms: Any) -> None:
    for (cell, when), values in norms.items():
        axis.plot(
            np.arange(1, len(values) + 1),
            values,
            color=COLORS[cell],
            linestyle=STYLES[when],
            label=f"{LABELS[cell]}, {when}",
        )
    axis.set(yscale="log", xlabel="steps between", ylabel="norm of the derivative")
    axis.set_title("What is left of a change of the state", loc="left")
    axis.legend(frameon=False, loc="lower left")


def draw_adding(axis: Any, predicted: Any) -> None:
    axis.plot([0, 2], [0, 2], color="0.7", linewidth=1)
    for cell in CELLS:
        shown = predicted["truth"][:400], predicted[cell][:400]
        axis.plot(*shown, ".", markersize=4, alpha=0.6, color=COLORS[cell], label=LABELS[cell])
    axis.set(xlabel="sum of the two marked numbers", ylabel="predicted")
    axis.set_title(f"The adding problem, {ADDING_STEPS} steps", loc="left")
    axis.legend(frameon=False, loc="upper left", markerscale=2)


def draw_accuracies(axis: Any, accuracies: Any) -> None:
    for cell in CELLS:
        axis.plot(TESTED_LAGS, accuracies[cell], "o-", color=COLORS[cell], label=LABELS[cell])
    axis.axvspan(*TRAINED_LAGS, color="0.93", zorder=0, label="lags of the training")
    axis.axhline(1 / len(LANGUAGES), color="0.6", linestyle=":", label="chance")
    axis.set(ylim=(0, 1.05), xlabel="words between country and verb", ylabel="accuracy")
    axis.set_title('"who grew up in France ... speaks"', loc="left")
    axis.legend(frameon=False, loc="center right")


def draw_curves(axis: Any, curves: Any) -> None:
    top = 20
    least = min(min(values) for losses in curves.values() for values in losses)
    for (cell, clip), losses in curves.items():
        for number, values in enumerate(losses):
            label = f"{LABELS[cell]}, {'no clipping' if clip is None else 'clipped'}"
            axis.plot(
                np.arange(1, len(values) + 1),
                values,
                color=COLORS[cell],
                linestyle="--" if clip is None else "-",
                linewidth=1.4,
                label=None if number else label,
            )
            if len(values) < CLIP_EPOCHS:  # no number any more: marked at the top
                axis.vlines(len(values), values[-1], top, color=COLORS[cell], linestyle=":")
                axis.plot(len(values), top, "x", color=COLORS[cell], markersize=9, clip_on=False)
    ylim = (min(0.05, least / 1.5), top)
    axis.set(yscale="log", xlabel="epoch", ylabel="training loss", ylim=ylim)
    axis.set_xticks(range(0, CLIP_EPOCHS + 1, 5))
    axis.set_title("A high rate, without and with clipping (x: diverged)", loc="left", pad=12)
    axis.legend(frameon=False, loc="upper left")


def check(norms: Any, errors: Any, accuracies: Any, curves: Any) -> None:
    """Stop with a message where a result is not as stated."""
    for case in (("rnn", START), ("lstm", ONES)):
        assert norms[case][-1] < 1e-3, f"{case}: the gradient does not vanish at start"
    assert norms["lstm", START][-1] > 0.1, "no unit remembers at start"
    gain = norms["lstm", TRAINED][-1] / norms["rnn", TRAINED][-1]
    assert gain > 100, f"the trained LSTM's gradient is not far above the RNN's: {gain:.1f} times"
    assert errors["lstm"] < 0.06, f"the LSTM does not add: {errors['lstm']:.3f}"
    assert errors["rnn"] > 0.5 * errors["naive"], f"the RNN does add: {errors['rnn']:.3f}"
    for lag, accuracy in zip(TESTED_LAGS, accuracies["lstm"], strict=True):
        least = 0.97 if lag <= TRAINED_LAGS[1] else 0.9
        assert accuracy > least, f"the LSTM forgets over {lag} words: {accuracy:.3f}"
    assert max(accuracies["rnn"]) < 0.3, f"the RNN remembers: {accuracies['rnn']}"
    for losses in curves["rnn", 1.0]:
        assert losses[-1] < 0.7, f"the clipped RNN does not learn: {losses[-1]:.2f}"
    for losses in curves["rnn", None]:
        learnt = len(losses) == CLIP_EPOCHS and losses[-1] < 0.9
        assert not learnt, "the RNN learns without clipping"


def main() -> None:
    """Print the table, draw the picture and check what is stated."""
    print(f"{'task':<24}{'cell':<8}{'score':<10}{'':>6}{'fit':>8}")
    predicted, errors, norms = compare_on_adding()
    for (cell, when), values in norms.items():
        row = "".join(f"{f'{values[lag - 1]:.1e}':>10}" for lag in (10, 50, len(values)))
        print(f"{f'norm, 10 / 50 / {ADDING_STEPS}':<24}{LABELS[cell]:<8}{when:<10}{row}")
    accuracies = compare_on_sentences()
    curves = compare_clipping()
    draw(norms, predicted, accuracies, curves)
    print(f"\nThe four experiments: {PICTURE}")
    check(norms, errors, accuracies, curves)


if __name__ == "__main__":
    main()
