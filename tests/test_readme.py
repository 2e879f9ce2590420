"""What the README shows is what a reader gets."""

import contextlib
import io
import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
NUMBER = re.compile(r"\d+\.\d+")


@pytest.fixture(scope="module")
def example():
    """Run the first example; return what it left and what it printed."""
    code = next(body for language, body in BLOCKS if language == "python")
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return names, printed.getvalue()


def test_example_has_fifteen_lines():
    code = next(body for language, body in BLOCKS if language == "python")
    assert len(code.strip().splitlines()) == 15


def test_example_prints_what_is_shown(example):
    _, printed = example
    shown = next(body for language, body in BLOCKS if not language and "RMSE" in body)
    assert NUMBER.sub("", printed) == NUMBER.sub("", shown)
    # the last digits of a training differ between machines
    for found, claimed in zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True):
        assert float(found) == pytest.approx(float(claimed), rel=0.15)


def test_search_runs(example):
    names, _ = example
    code = [body for language, body in BLOCKS if language == "python"][1]
    # as shown, but for the time it takes
    exec(code.replace("[(16,), (64,), (32, 32)]", "[(2,)]"), names)
    assert names["search"].best_params_["lstmregressor__hidden_layer_sizes"] == (2,)


def test_forecast_runs(example):
    names, _ = example
    code = [body for language, body in BLOCKS if language == "python"][2]
    exec(code.replace("LSTMRegressor(", "LSTMRegressor(4, max_epochs=1, "), names)
    passengers = names["passengers"]
    assert names["model"].predict().index[0] == passengers.index[-1] + passengers.index.freq
    assert (names["lower"] < names["upper"]).all()


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (Path(__file__).parents[1] / target).exists(), target
