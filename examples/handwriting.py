"""Offline handwriting: strings of handwritten digits, transcribed without telling where each is.

Strings of five digits are composed of scikit-learn's images of handwritten digits, with random
spacing, slant, height and noise. The images are in the order of their writers, so that the middle
third, for the test, and the others, for training, are of other hands. Two networks with
connectionist temporal classification (Graves et al., 2006) transcribe them: multi-dimensional
LSTM layers that read the pixels (Graves and Schmidhuber, 2009), and a bidirectional LSTM that
reads column by column. Writes ``handwriting.png``.
"""

import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from scipy.ndimage import affine_transform
from sklearn.datasets import load_digits

from sklstm import LSTMTranscriber

mpl.use("Agg")
from matplotlib import pyplot as plt

N_TRAIN, N_TEST, N_DIGITS = 6_000, 500, 5
HEIGHT, GREATEST_GAP, GREATEST_SLANT, NOISE = 12, 3, 0.25, 0.5
PICTURE = Path("handwriting.png")


def pools() -> tuple[Any, Any]:
    """Images and labels of the hands to learn from, and of those to be read."""
    digits = load_digits()
    third = len(digits.images) // 3
    is_test = np.zeros(len(digits.images), dtype=bool)
    is_test[third : 2 * third] = True
    images, labels = digits.images, digits.target
    return (images[~is_test], labels[~is_test]), (images[is_test], labels[is_test])


def write_digit(image: Any, rng: np.random.Generator) -> Any:
    """Slant a digit, put it at some height, and leave a gap behind it; (HEIGHT, width)."""
    slant = rng.uniform(-GREATEST_SLANT, GREATEST_SLANT)
    top = rng.integers(0, HEIGHT - len(image) + 1)
    gap = rng.integers(0, GREATEST_GAP + 1)
    margin = 2  # what a slanted digit needs at its sides
    wide = np.pad(image, ((0, 0), (margin, margin)))
    centre = (len(image) - 1) / 2
    slanted = affine_transform(wide, [[1, 0], [slant, 1]], offset=[0, -slant * centre], order=1)
    used = np.flatnonzero(slanted.sum(axis=0) > 0.5)
    slanted = slanted[:, used[0] : used[-1] + 1]
    canvas = np.zeros((HEIGHT, slanted.shape[1] + gap))
    canvas[top : top + len(image), : slanted.shape[1]] = slanted
    return canvas


def write(pool: Any, n_strings: int, rng: np.random.Generator) -> tuple[list[Any], list[str]]:
    """Strings of digits as images (HEIGHT, width_i), and what they say."""
    images, labels = pool
    X, y = [], []
    for _ in range(n_strings):
        chosen = rng.integers(0, len(images), size=N_DIGITS)
        line = np.concatenate([write_digit(images[i], rng) for i in chosen], axis=1)
        X.append(line + rng.normal(0.0, NOISE, size=line.shape))
        y.append("".join(map(str, labels[chosen])))
    return X, y


def columns(images: list[Any]) -> list[Any]:
    """Images as sequences of their columns, (width_i, HEIGHT)."""
    return [image.T for image in images]


# Small batches, since few passes then suffice; all else is as by default.
MODELS = {
    "MDLSTM, pixels": (
        LSTMTranscriber(cell="mdlstm", batch_size=32, max_epochs=12, random_state=0),
        list,
    ),
    "BLSTM, columns": (
        LSTMTranscriber((64, 64), batch_size=32, max_epochs=15, random_state=0),
        columns,
    ),
}


def draw(images: list[Any], truths: list[str], readings: dict[str, Any]) -> None:
    """Draw some lines, with what each model reads."""
    figure, axes = plt.subplots(4, 2, figsize=(9, 5))
    wrong = [i for i, truth in enumerate(truths) if any(r[i] != truth for r in readings.values())]
    right = [i for i in range(len(truths)) if i not in wrong]
    shown = (right[:4] + wrong + right[4:])[: axes.size]
    for axis, number in zip(axes.T.flat, shown, strict=False):
        axis.imshow(images[number], cmap="gray_r", aspect="equal")
        said = "   ".join(f"{name.split(',')[0]} {r[number]}" for name, r in readings.items())
        is_wrong = number in wrong
        axis.set_title(
            f"{truths[number]}:   {said}", fontsize=9, color="#d1495b" if is_wrong else "black"
        )
        axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=110)


def main() -> None:
    """Train both, and print how many symbols of a hundred they get wrong."""
    rng = np.random.default_rng(0)
    train, test = pools()
    (X, y), (X_test, y_test) = write(train, N_TRAIN, rng), write(test, N_TEST, rng)
    print(f"{'model':<18}{'character error':>16}{'whole strings right':>22}{'fit':>8}")
    readings, errors = {}, {}
    for name, (model, form) in MODELS.items():
        begin = time.perf_counter()
        model.fit(form(X), y)
        seconds = time.perf_counter() - begin
        readings[name] = model.predict(form(X_test))
        errors[name] = 1.0 - model.score(form(X_test), y_test)
        faultless = np.mean(readings[name] == np.array(y_test))
        print(f"{name:<18}{errors[name]:>15.1%}{faultless:>22.1%}{seconds:>7.0f} s")
    draw(X_test, y_test, readings)
    print(f"\nSome lines, and how they are read: {PICTURE}")
    for name, error in errors.items():
        if error >= 0.03:
            raise SystemExit(f"{name} should get fewer than 3 of 100 characters wrong.")


if __name__ == "__main__":
    main()
