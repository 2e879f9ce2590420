"""The snippets of the user guide's page run."""

import contextlib
import io
import re
from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

PAGE = Path(__file__).parents[2] / "docs" / "model_selection.md"
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
NUMBER = re.compile(r"-?\d+\.\d+(?:e-\d+)?|NaN")


@pytest.fixture(scope="module")
def printed():
    """Return what each snippet prints, with networks that are hardly trained."""
    names, texts = {}, []
    for language, body in BLOCKS:
        if language == "python":
            quick = "LSTMRegressor(2, max_epochs=1, linear_skip=False, random_state=0)"
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(body.replace("LSTMRegressor(random_state=0)", quick), names)
            texts.append(output.getvalue())
    plt.close("all")
    return [text for text in texts if text]


def test_snippets_print_what_is_shown_but_for_numbers(printed):
    shown = [body for language, body in BLOCKS if not language]
    for found, claimed in zip(printed, shown, strict=True):
        words = [set(NUMBER.sub("", text).split()) for text in (found, claimed)]
        assert words[0] == words[1]


def test_numbers_of_the_forest_are_those_shown(printed):
    shown = next(body for language, body in BLOCKS if not language)
    for found, claimed in zip(NUMBER.findall(printed[0]), NUMBER.findall(shown), strict=True):
        assert float(found) == pytest.approx(float(claimed), rel=0.05)
