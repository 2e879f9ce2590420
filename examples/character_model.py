"""A character model: which character comes next, and texts drawn from it one by one.

An LSTM reads the texts on the language that ship with Python (`pydoc_data.topics`), is told the
next character at every step, and is compared on texts it has not read with counts of up to four
characters in a row. Then it writes, fed with what it has drawn itself. After Graves (2013),
Generating sequences with recurrent neural networks. Writes ``character_model.png``.
"""

import time
from collections import Counter
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import matplotlib as mpl
import numpy as np
from sklearn.preprocessing import OrdinalEncoder

from sklstm import LSTMClassifier

mpl.use("Agg")
from matplotlib import pyplot as plt

N_TRAIN, N_TEST = 240_000, 12_000  # characters
WINDOW = 100
PREFIX = "The statement "
TEMPERATURES = (0.4, 0.7, 1.0)
PICTURE = Path("character_model.png")


def load_text() -> str:
    """All topics in the order of their names, of characters that a keyboard has."""
    text = "\n".join(topics[name] for name in sorted(topics))
    return "".join(character for character in text if character.isascii())


def next_characters(tokens: Any, hop: int = WINDOW) -> tuple[Any, Any]:
    """Windows of a text, (n, WINDOW, 1), and what follows at each step, (n, WINDOW)."""
    starts = range(0, len(tokens) - WINDOW, hop)
    windows = np.stack([tokens[start : start + WINDOW + 1] for start in starts])
    return windows[:, :-1, None], windows[:, 1:]


def count_bits(train: str, test: str, order: int) -> float:
    """Bits a character of a model that counts, smoothed by those of all lower orders.

    Witten and Bell (1991): a context seen n times with k different followers lends k parts in
    n + k to the shorter context.
    """
    followers: list[dict[str, Counter[str]]] = [{} for _ in range(order)]
    for end in range(len(train)):
        for length in range(min(order, end + 1)):
            counts = followers[length].setdefault(train[end - length : end], Counter())
            counts[train[end]] += 1
    n_characters = len(set(train))

    def probability(context: str, character: str) -> float:
        p = 1 / n_characters
        for length in range(order):
            counts = followers[length].get(context[len(context) - length :])
            if counts:
                n, kinds = counts.total(), len(counts)
                p = (counts[character] + kinds * p) / (n + kinds)
        return p

    found = [probability(test[end - order : end], test[end]) for end in range(order, len(test))]
    return float(-np.log2(found).mean())


def network_bits(model: LSTMClassifier, tokens: Any) -> float:
    """Bits a character of the network, which has read at least half a window before it."""
    X, y = next_characters(tokens, hop=WINDOW // 2)
    log_p = model.predict_log_proba(X)
    chosen = np.take_along_axis(log_p, np.searchsorted(model.classes_, y)[:, :, None], axis=2)
    return float(-chosen[:, WINDOW // 2 :].mean() / np.log(2))


def draw(bits: dict[str, float], loss_curve: list[float]) -> None:
    """Draw what each model needs a character, and how the network learns."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    colors = ["#d1495b" if name == "LSTM" else "#30638e" for name in bits]
    bars = left.barh(list(bits), list(bits.values()), color=colors)
    left.bar_label(bars, fmt="%.2f", padding=3)
    left.invert_yaxis()
    left.set_xlim(0, 1.15 * max(bits.values()))
    left.set_xlabel("bits a character, on texts not read")
    right.plot(np.arange(1, len(loss_curve) + 1), np.array(loss_curve) / np.log(2), color="#d1495b")
    right.set_xlabel("epoch")
    right.set_xticks(range(5, len(loss_curve) + 1, 5))
    right.set_ylabel("bits a character, in training")
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=110)


def main() -> None:
    """Train, compare, write."""
    text = load_text()[: N_TRAIN + N_TEST]
    coder = OrdinalEncoder(dtype=np.int64)
    tokens = coder.fit_transform(np.array(list(text))[:, None])[:, 0]
    X, y = next_characters(tokens[:N_TRAIN])
    model = LSTMClassifier(
        128,
        return_sequences=True,
        bidirectional=False,
        categorical_features="from_dtype",
        dropout=0.0,
        random_state=0,
    )
    begin = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - begin
    train, test = text[:N_TRAIN], text[N_TRAIN:]
    bits = {f"counts of {order}": count_bits(train, test, order) for order in (1, 2, 3, 4)}
    bits["LSTM"] = network_bits(model, tokens[N_TRAIN:])
    for name, value in bits.items():
        print(f"{name:<14}{value:>6.2f} bits a character")
    n_kinds = len(coder.categories_[0])
    print(f"fitted to {len(train):,} characters, {n_kinds} kinds, in {seconds:.0f} s")
    prefix = coder.transform(np.array(list(PREFIX))[:, None])[:, 0]
    for temperature in TEMPERATURES:
        drawn = model.sample(160, temperature=temperature, prefix=prefix, random_state=0)
        written = "".join(coder.inverse_transform(drawn[:, None])[:, 0])
        print(f"\ntemperature {temperature}:\n{PREFIX}{written}")
    draw(bits, model.loss_curve_)
    print(f"\nThe comparison: {PICTURE}")
    if bits["LSTM"] > bits["counts of 4"]:
        raise SystemExit("The network should need fewer bits than counts of four characters.")


if __name__ == "__main__":
    main()
