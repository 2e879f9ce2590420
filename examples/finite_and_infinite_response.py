"""Finite against infinite response: predictors of a system whose memory grows.

White noise drives two leaky integrators; a squashed difference of their states is measured with
noise. Three predictors of the output: a network that sees a window of the input, one that sees its
own last outputs besides (NARX), and a recurrent network with a state (LSTM). The memory of the
system goes from an eighth of the window to four times the window. Writes
``finite_and_infinite_response.png``.

References: O. Nelles, Nonlinear System Identification (2001), on models with output feedback and
internal dynamics; S. Chen, S. A. Billings and P. M. Grant, Non-linear system identification using
neural networks, International Journal of Control 51(6) (1990); A. D. Back and A. C. Tsoi, FIR and
IIR synapses, Neural Computation 3(3) (1991).
"""

import time
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline

from sklstm import LSTMRegressor, SlidingWindowTransformer

mpl.use("Agg")
from matplotlib import pyplot as plt

WINDOW = 16
MEMORIES = (2, 4, 8, 16, 32, 64)  # time constant of the slower state, in steps
N_SEQUENCES, N_STEPS, N_TEST = 40, 400, 4_000
NOISE = 0.1  # of the measured output, whose range is (-1, 1)
MIX = np.array([1.0, -0.5])  # of the slow and the fast state
PICTURE = Path("finite_and_infinite_response.png")
COLORS = {
    "window": "#9a9a9a",
    "NARX, one step": "#8fb3cc",
    "NARX, free": "#30638e",
    "LSTM, free": "#d1495b",
}


class Recording(NamedTuple):
    """Sequences of shape (n_sequences, n_steps) that begin at rest."""

    u: Any  # input
    clean: Any  # output
    y: Any  # output as measured


def decays(memory: float) -> Any:
    """Return what a step leaves of each state: the fast one forgets four times as fast."""
    return np.exp(-1 / np.array([memory, memory / 4]))


def record(memory: float, n_sequences: int, n_steps: int, rng: np.random.Generator) -> Recording:
    """Drive the system with white noise; both states have variance one in the long run."""
    u = rng.normal(size=(n_sequences, n_steps))
    u[:, 0] = 0.0  # at rest: a window that repeats the first step before it tells the truth
    decay, state = decays(memory), np.zeros((n_sequences, 2))
    clean = np.empty_like(u)
    for step in range(n_steps):
        state = decay * state + np.sqrt(1 - decay**2) * u[:, step, None]
        clean[:, step] = np.tanh(state @ MIX)
    return Recording(u, clean, clean + NOISE * rng.normal(size=u.shape))


def window_optimum(memory: float, u: Any, clean: Any) -> float:
    """Return the error of the best predictor of all that see a window of the input.

    The part of the sum before tanh that the window does not hold is normal, of known variance: the
    best prediction is the mean over it.
    """
    decay, lags = decays(memory), np.arange(40 * int(np.ceil(memory)))[:, None]
    response = (np.sqrt(1 - decay**2) * decay**lags) @ MIX  # to a single 1, step by step
    known = np.array([np.convolve(row, response[:WINDOW])[: len(row)] for row in u])
    unknown = np.sqrt((response[WINDOW:] ** 2).sum())
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    best = np.tanh(known[..., None] + unknown * nodes) @ (weights / weights.sum())
    return nrmse(clean, best)


def nrmse(y: Any, y_pred: Any) -> float:
    """Root mean squared error over the standard deviation: 0 is perfect, 1 the mean."""
    return float(np.sqrt(np.mean((y - y_pred) ** 2)) / np.std(y))


def delayed(y: Any) -> Any:
    """Return the outputs one step later, zero at first."""
    return np.pad(y, ((0, 0), (1, 0)))[:, :-1]


def rows(*columns: Any) -> Any:
    """Return sequences as a table: number of the sequence, then one column of each."""
    numbers = np.repeat(np.arange(len(columns[0])), columns[0].shape[1])
    return np.column_stack([numbers, *(column.ravel() for column in columns)])


def feedforward() -> Pipeline:
    """A dense network over windows that do not cross from one sequence to the next."""
    return make_pipeline(
        SlidingWindowTransformer(WINDOW, flatten=True, group_by=0),
        MLPRegressor(hidden_layer_sizes=(32,), early_stopping=True, random_state=0),
    )


def recurrent() -> LSTMRegressor:
    return LSTMRegressor(16, return_sequences=True, random_state=0)


def run_free(network: MLPRegressor, u: Any) -> Any:
    """Run a network on inputs of shape (n_steps,) and its own past outputs."""
    window, output, outputs = np.zeros((WINDOW, 2)), 0.0, []
    for value in u:
        window = np.vstack([window[1:], [value, output]])
        output = network.predict(window.reshape(1, -1))[0]
        outputs.append(output)
    return np.array(outputs)


def predict(train: Recording, test: Recording) -> dict[str, Any]:
    """Fit all predictors to sequences; return what they say of a single long one, (n_steps,)."""
    window = feedforward().fit(rows(train.u), train.y.ravel())
    narx = feedforward().fit(rows(train.u, delayed(train.y)), train.y.ravel())
    lstm = recurrent().fit(train.u[..., None], train.y)
    return {
        "window": window.predict(rows(test.u)),
        "NARX, one step": narx.predict(rows(test.u, delayed(test.y))),
        "NARX, free": run_free(narx[-1], test.u[0]),
        "LSTM, free": lstm.predict(test.u[..., None])[0],
    }


def compare(memory: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Print the errors at one length of memory; return them and the predictions."""
    begin, rng = time.perf_counter(), np.random.default_rng(0)
    train = record(memory, N_SEQUENCES, N_STEPS, rng)
    test = record(memory, 1, N_TEST, rng)
    predictions = predict(train, test)
    scores = {name: nrmse(test.clean[0], values) for name, values in predictions.items()}
    scores["best of any window"] = window_optimum(memory, test.u, test.clean)
    print(
        f"{memory:>6}{scores['best of any window']:>20.3f}{scores['window']:>9.3f}"
        f"{scores['NARX, one step']:>16.3f}{scores['NARX, free']:>12.3f}"
        f"{scores['LSTM, free']:>12.3f}{time.perf_counter() - begin:>8.1f} s"
    )
    return scores, {"truth": test.clean[0], **predictions}


def draw(scores: dict[int, dict[str, float]], longest: dict[str, Any]) -> None:
    """Draw the errors against memory, and a piece of the test sequence at the longest."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(12, 4.6), gridspec_kw={"width_ratios": (1, 1.35)}
    )
    memories = list(scores)
    left.axvline(WINDOW, color="0.85", linewidth=1)
    left.annotate("window", (WINDOW, 0.021), (4, 0), textcoords="offset points", color="0.5")
    optimum = [score["best of any window"] for score in scores.values()]
    left.loglog(memories, optimum, color="black", linestyle=":", label="best of any window")
    for name, color in COLORS.items():
        errors = [score[name] for score in scores.values()]
        left.loglog(memories, errors, "o-", color=color, markersize=4, label=name)
    left.set_xticks(memories, [str(memory) for memory in memories])
    left.minorticks_off()
    left.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5, 1], ["0.02", "0.05", "0.1", "0.2", "0.5", "1"])
    left.set_ylim(0.019, 1.3)
    left.set_xlabel("time constant of the system (steps)")
    left.set_ylabel("error over standard deviation")
    left.set_title("Error on a sequence never seen", loc="left")
    left.legend(frameon=False, fontsize=9)
    piece = slice(1_000, 1_300)
    steps = np.arange(len(longest["truth"]))[piece]
    right.plot(steps, longest["truth"][piece], color="black", linewidth=1.6, label="truth")
    for name in ("window", "NARX, free", "LSTM, free"):
        right.plot(
            steps, longest[name][piece], color=COLORS[name], linewidth=1.3, alpha=0.9, label=name
        )
    right.set_title(f"Memory of {memories[-1]} steps, seen through the input alone", loc="left")
    right.set_xlabel("step")
    right.set_ylim(-1.1, 1.45)
    right.legend(frameon=False, ncols=4, fontsize=9, loc="upper center")
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=95)


def check(scores: dict[int, dict[str, float]]) -> None:
    """Stop with a message where a result is not as stated."""
    shortest, longest = scores[min(scores)], scores[max(scores)]
    for name in COLORS:
        assert shortest[name] < 0.1, f"{name} fails where the memory is short"
    assert longest["window"] > 0.8, "the window holds out beyond its length"
    assert longest["window"] > 0.95 * longest["best of any window"], "a window beats its optimum"
    assert longest["NARX, one step"] < 0.15, "NARX fails one step ahead"
    assert longest["NARX, free"] > 2 * longest["NARX, one step"], "NARX stands its own outputs"
    for memory, score in scores.items():
        assert score["LSTM, free"] < 0.12, f"the LSTM fails at a memory of {memory} steps"
        others = min(score["window"], score["NARX, free"])
        assert score["LSTM, free"] < others, f"the LSTM is not the best of the free at {memory}"


def main() -> None:
    """Print the table, draw the picture and check what is stated."""
    print(
        f"{'memory':>6}{'best of any window':>20}{'window':>9}{'NARX, one step':>16}"
        f"{'NARX, free':>12}{'LSTM, free':>12}{'fits':>10}"
    )
    scores, predictions = {}, {}
    for memory in MEMORIES:
        scores[memory], predictions = compare(memory)
    draw(scores, predictions)
    print(f"\nErrors against memory: {PICTURE}")
    check(scores)


if __name__ == "__main__":
    main()
