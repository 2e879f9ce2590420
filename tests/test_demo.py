"""The demo's claim: the LSTM beats forest and naive forecast."""

import importlib.util
from pathlib import Path

import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import StratifiedKFold, cross_val_score

from sklstm import LSTMClassifier, LSTMRegressor


@pytest.fixture(scope="module")
def demo():
    path = Path(__file__).parents[1] / "examples" / "demo.py"
    spec = importlib.util.spec_from_file_location("demo", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_default_lstm_beats_forest_on_digits(demo):
    X, y = demo.load_digit_sequences()
    folds = StratifiedKFold(3, shuffle=True, random_state=1)  # not the folds that the demo shows
    lstm = cross_val_score(LSTMClassifier(random_state=1), X, y, cv=folds)
    forest = cross_val_score(
        RandomForestClassifier(random_state=1), X.reshape(len(X), -1), y, cv=folds
    )
    assert lstm.mean() > forest.mean()


@pytest.mark.parametrize("horizon", [1, 12])
def test_default_lstm_beats_forest_and_naive_on_airline(demo, horizon):
    X_train, y_train, X_test, y_test = demo.airline(horizon)
    scores = {}
    for name, model in {
        "LSTM": LSTMRegressor(random_state=1),  # not the seed that the demo shows
        "forest": RandomForestRegressor(random_state=1),
        "forest, changes": demo.OnChanges(RandomForestRegressor(random_state=1)),
        "naive": demo.LastValue(),
        "seasonal naive": demo.LastYear(),
    }.items():
        y_pred = model.fit(X_train, y_train).predict(X_test)
        scores[name] = root_mean_squared_error(y_test, y_pred)
    assert min(scores, key=scores.__getitem__) == "LSTM"


@pytest.mark.parametrize("horizon", [1, 12])
def test_what_the_lstm_is_compared_with(demo, horizon):
    X_train, y_train, X_test, y_test = demo.airline(horizon)
    series = demo.load_airline_passengers().to_numpy()
    year_before = series[demo.N_TRAIN - 12 : demo.N_TRAIN - 12 + len(y_test)]
    last_year = demo.LastYear().fit(X_train, y_train).predict(X_test).reshape(len(y_test), -1)
    assert (last_year[:, 0] == year_before).all()

    # a level that all rise to makes no difference to what is told changes
    forest = demo.OnChanges(RandomForestRegressor(5, random_state=0)).fit(X_train, y_train)
    raised = forest.predict(X_test + 1_000) - 1_000
    assert abs(raised - forest.predict(X_test)).max() < 1e-9


def test_the_test_part_lies_behind_the_training_part(demo):
    series = demo.load_airline_passengers().to_numpy()
    X_train, y_train, X_test, y_test = demo.airline(12)
    assert y_train[-1, -1] == series[demo.N_TRAIN - 1]
    assert y_test[0, 0] == series[demo.N_TRAIN]
    assert X_test[0, -1] == series[demo.N_TRAIN - 1]
    assert len(X_train) == len(y_train)


def test_picture_is_drawn(demo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    *_, y_one = demo.airline(1)
    *_, y_twelve = demo.airline(12)
    names = demo.COLORS
    demo.draw(dict.fromkeys(names, y_one), dict.fromkeys(names, y_twelve))
    assert (tmp_path / "demo.png").stat().st_size > 10_000
