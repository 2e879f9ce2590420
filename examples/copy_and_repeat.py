"""Copy and repeat: can a network follow a small program, and beyond what it was shown?

A sequence of symbols comes in, then a sign as many times as the symbols are to be repeated; from
there on the network reads blanks, and must write the symbols in order, as often as asked, and then
"end". Copying is repeating once. An LSTM and a simple recurrent network learn it on short
sequences and are tested on longer ones. Writes ``copy_and_repeat.png``.

References: A. Graves, G. Wayne and I. Danihelka, Neural Turing machines, arXiv:1410.5401 (2014),
for the tasks; W. Zaremba and I. Sutskever, Learning to execute, arXiv:1410.4615 (2014).
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np

from sklstm import LSTMClassifier

mpl.use("Agg")
from matplotlib import pyplot as plt

N_SYMBOLS = 8  # 1, 2, ... 8
BLANK, SIGN = 0, N_SYMBOLS + 1  # further tokens that the network reads
END = N_SYMBOLS + 1  # a further label that it writes
NOT_ASKED = -1  # label of the steps before it is to write
N_TRAIN, N_TEST = 10_000, 200
PICTURE = Path("copy_and_repeat.png")
COLORS = {"lstm": "#d1495b", "rnn": "#30638e"}
NAMES = {"lstm": "LSTM", "rnn": "RNN"}


class Task(NamedTuple):
    """What is trained, as lengths and numbers of repeats, and the pairs of them that are tested."""

    lengths: range
    repeats: range
    tested: tuple[tuple[int, int], ...]

    def is_trained(self, case: tuple[int, int]) -> bool:
        length, repeats = case
        return length in self.lengths and repeats in self.repeats


COPY = Task(range(1, 9), range(1, 2), tuple((length, 1) for length in (*range(1, 13), 16)))
REPEAT = Task(range(1, 5), range(1, 4), tuple((4, repeats) for repeats in range(1, 7)))

Score = dict[tuple[int, int], float]  # by length and number of repeats


def make_program(symbols: Any, repeats: int) -> tuple[Any, Any]:
    """Return what is read, of shape (n_steps, 1), and what is to be written, (n_steps,)."""
    answer = np.append(np.tile(symbols, repeats), END)
    question = np.append(symbols, np.full(repeats, SIGN))
    x = np.append(question, np.full(len(answer), BLANK))
    y = np.append(np.full(len(question), NOT_ASKED), answer)
    return x[:, None], y


def make_programs(
    n_samples: int, lengths: Iterable[int], repeats: Iterable[int], rng: np.random.Generator
) -> tuple[list[Any], list[Any]]:
    """Draw random symbols, with lengths and numbers of repeats from those given."""
    programs = [
        make_program(
            rng.integers(1, N_SYMBOLS + 1, size=rng.choice(list(lengths))),
            rng.choice(list(repeats)),
        )
        for _ in range(n_samples)
    ]
    return [x for x, _ in programs], [y for _, y in programs]


def build(cell: str) -> LSTMClassifier:
    """The defaults of width, rate and schedule; small batches, since many steps decide here."""
    return LSTMClassifier(
        cell=cell,
        bidirectional=False,  # what follows is not known yet
        return_sequences=True,
        ignore_label=NOT_ASKED,
        categorical_features="from_dtype",  # integers are tokens
        dropout=0.0,  # there is no noise to be learnt by heart
        batch_size=32,
        max_epochs=15,
        random_state=0,
    )


def train(task: Task, cell: str) -> tuple[LSTMClassifier, float]:
    begin = time.perf_counter()
    X, y = make_programs(N_TRAIN, task.lengths, task.repeats, np.random.default_rng(0))
    return build(cell).fit(X, y), time.perf_counter() - begin


def evaluate(model: LSTMClassifier, cases: Iterable[tuple[int, int]]) -> Score:
    """Return the share of symbols and ends that are right, of each length and repeats."""
    rng = np.random.default_rng(1)
    return {
        (length, repeats): model.score(*make_programs(N_TEST, [length], [repeats], rng))
        for length, repeats in cases
    }


def within(task: Task, score: Score) -> float:
    """Mean over the lengths and repeats of the training."""
    return float(np.mean([value for case, value in score.items() if task.is_trained(case)]))


def compare(name: str, task: Task) -> dict[str, Score]:
    """Train both cells, print and return what they score."""
    scores = {}
    for cell in NAMES:
        model, seconds = train(task, cell)
        scores[cell] = evaluate(model, task.tested)
        trained = [case for case in task.tested if task.is_trained(case)]
        beyond = [case for case in task.tested if not task.is_trained(case)]
        shown = (trained[0], trained[-1], *beyond[:2], beyond[-1])
        print(
            f"{name:<8}{NAMES[cell]:<6}{within(task, scores[cell]):>10.3f}   "
            + "".join(f"{f'{n} x {r}:':>8} {scores[cell][n, r]:.3f}" for n, r in shown)
            + f"{seconds:>8.1f} s"
        )
    return scores


def draw(copy: dict[str, Score], repeat: dict[str, Score]) -> None:
    """Draw accuracy against length and against repeats; what was trained is shaded."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), sharey=True)
    panels = [
        (axes[0], copy, 0, COPY.lengths, "Copy", "length of the sequence"),
        (axes[1], repeat, 1, REPEAT.repeats, "Four symbols, repeated", "number of repeats"),
    ]
    for axis, scores, place, trained, title, label in panels:
        axis.axvspan(trained[0] - 0.3, trained[-1] + 0.3, color="0.93")
        axis.annotate("trained", (trained[0], 0.03), color="0.45")
        for cell, score in scores.items():
            numbers = [case[place] for case in score]
            axis.plot(numbers, list(score.values()), "o-", color=COLORS[cell], label=NAMES[cell])
        axis.axhline(1 / N_SYMBOLS, color="0.6", linestyle=":", label="guessing a symbol")
        axis.set_title(title, loc="left")
        axis.set_xlabel(label)
        axis.set_ylim(0, 1.05)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("share of right outputs")
    axes[0].legend(frameon=False, loc="upper right")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=100)


def check(task: Task, scores: dict[str, Score]) -> None:
    """Stop with a message where a result is not as stated."""
    lstm, rnn = scores["lstm"], scores["rnn"]
    assert within(task, lstm) > 0.98, "the LSTM is not near perfect where it was trained"
    hardest = [case for case in task.tested if task.is_trained(case)][-1]
    assert lstm[hardest] > 0.95, f"the LSTM fails at {hardest}"
    assert rnn[hardest] < lstm[hardest] - 0.2, f"the RNN is not clearly worse at {hardest}"
    assert within(task, rnn) < within(task, lstm), "the RNN is better where it was trained"
    farthest = task.tested[-1]
    assert lstm[farthest] < 0.8, "the LSTM has learnt the program, not the sequences it saw"


def main() -> None:
    """Print the table, draw the picture and check what is stated."""
    print(f"{'task':<8}{'cell':<6}{'trained':>10}   right outputs by length x repeats")
    copy, repeat = compare("copy", COPY), compare("repeat", REPEAT)
    draw(copy, repeat)
    print(f"\nAccuracy against length and repeats: {PICTURE}")
    check(COPY, copy)
    check(REPEAT, repeat)


if __name__ == "__main__":
    main()
