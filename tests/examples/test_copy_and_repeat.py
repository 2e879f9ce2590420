"""What the tasks rely on: programs and their answers, what is scored, and the result, small."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal


def test_a_program_and_its_answer(example):
    x, y = example.make_program(np.array([5, 3]), 2)
    assert_array_equal(x[:, 0], [5, 3, 9, 9, 0, 0, 0, 0, 0])
    assert_array_equal(y, [-1, -1, -1, -1, 5, 3, 5, 3, 9])
    assert x.shape == (9, 1)


def test_programs_are_as_asked(example):
    X, y = example.make_programs(300, range(2, 5), [1, 3], np.random.default_rng(0))
    found = set()
    for x, labels in zip(X, y, strict=True):
        assert np.issubdtype(x.dtype, np.integer)
        tokens = x[:, 0]
        repeats = int((tokens == example.SIGN).sum())
        length = int(np.argmax(tokens == example.SIGN))
        assert_array_equal(labels[labels >= 0][:-1], np.tile(tokens[:length], repeats))
        assert labels[-1] == example.END
        assert (tokens[labels >= 0] == example.BLANK).all()
        found.add((length, repeats))
    assert found == {(length, repeats) for length in (2, 3, 4) for repeats in (1, 3)}
    again, _ = example.make_programs(300, range(2, 5), [1, 3], np.random.default_rng(0))
    assert all(np.array_equal(a, b) for a, b in zip(X, again, strict=True))


def test_only_what_is_asked_is_scored(example):
    X, y = example.make_programs(60, [2, 3], [1, 2], np.random.default_rng(0))
    model = example.build("lstm").set_params(max_epochs=2).fit(X, y)
    assert example.NOT_ASKED not in model.classes_
    right = [(p == t)[t >= 0] for p, t in zip(model.predict(X), y, strict=True)]
    assert model.score(X, y) == pytest.approx(np.concatenate(right).mean())


def test_what_is_short_is_learnt_and_what_is_longer_is_not(example):
    task = example.Task(range(1, 3), range(1, 3), ((2, 1), (2, 2), (5, 1)))
    X, y = example.make_programs(2_000, task.lengths, task.repeats, np.random.default_rng(7))
    model = example.build("lstm").set_params(random_state=1).fit(X, y)
    score = example.evaluate(model, task.tested)
    assert example.within(task, score) > 0.98
    assert score[5, 1] < 0.8


def test_the_mean_is_over_what_was_trained(example):
    score = {(length, 1): 1.0 if length < 9 else 0.0 for length, _ in example.COPY.tested}
    assert example.within(example.COPY, score) == 1.0
    assert not example.COPY.is_trained((9, 1))


def test_picture_is_drawn(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scores = [
        {cell: dict.fromkeys(task.tested, 0.5) for cell in example.NAMES}
        for task in (example.COPY, example.REPEAT)
    ]
    example.draw(*scores)
    assert (tmp_path / "copy_and_repeat.png").stat().st_size > 10_000
