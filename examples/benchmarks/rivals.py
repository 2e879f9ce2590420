"""What the default LSTM is compared with, each with its own defaults."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor

_N_EPOCHS, _N_UNITS, _N_TREES = 100, 64, 300
_MINIROCKET_STEPS = 9  # the least that it takes


def as_table(X: Any) -> Any:
    """Lay every sequence out as one row; shorter ones are zero at their end."""
    if not isinstance(X, list):
        return np.asarray(X).reshape(len(X), -1)
    table = np.zeros((len(X), max(map(len, X)), X[0].shape[1]))
    for row, sequence in zip(table, X, strict=True):
        row[: len(sequence)] = sequence
    return table.reshape(len(X), -1)


class Table(TransformerMixin, BaseEstimator):
    """`as_table`, as wide as in fit."""

    def fit(self, X: Any, y: Any = None) -> "Table":
        self.n_columns_ = as_table(X).shape[1]
        return self

    def transform(self, X: Any) -> Any:
        table = as_table(X)[:, : self.n_columns_]
        return np.pad(table, ((0, 0), (0, self.n_columns_ - table.shape[1])))


class LastValue(BaseEstimator):
    """The naive forecast: all that is to come is as the last value seen."""

    def fit(self, X: Any, y: Any) -> "LastValue":
        self.shape_ = np.shape(y)[1:]
        return self

    def predict(self, X: Any) -> Any:
        last = np.asarray(X).reshape(len(X), -1)[:, -1:]
        return np.repeat(last, *self.shape_, axis=1) if self.shape_ else last[:, 0]


class OnChanges(BaseEstimator):
    """A model of changes: windows and targets are told relative to the last value seen."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> "OnChanges":
        self.model_ = clone(self.model).fit(X - X[:, -1:], y - self._last(X, np.ndim(y)))
        return self

    def predict(self, X: Any) -> Any:
        changes = self.model_.predict(X - X[:, -1:])
        return changes + self._last(X, changes.ndim)

    def _last(self, X: Any, n_axes: int) -> Any:
        return X[:, -1:] if n_axes == 2 else X[:, -1]


class TextbookNet(nn.Module):
    """An LSTM layer and a linear layer on its last state."""

    def __init__(self, n_features: int, n_outputs: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_features, _N_UNITS, batch_first=True)
        self.output = nn.Linear(_N_UNITS, n_outputs)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        states = self.lstm(x)[0][torch.arange(len(x)), lengths - 1]
        outputs: torch.Tensor = self.output(states)
        return outputs


class PlainLSTM(BaseEstimator):
    """What one writes with skorch: standardised data, Adam, 100 epochs in batches of 32."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.seed = seed

    def fit(self, X: Any, y: Any) -> "PlainLSTM":
        torch.manual_seed(self.seed)
        self.n_features_ = X[0].shape[1] if np.ndim(X[0]) == 2 else 1
        present = np.concatenate([np.reshape(x, (-1, self.n_features_)) for x in X])
        self.mean_, self.scale_ = present.mean(0), present.std(0) + 1e-12
        options = {
            "module": TextbookNet,
            "module__n_features": self.n_features_,
            "max_epochs": _N_EPOCHS,
            "batch_size": 32,
            "optimizer": torch.optim.Adam,
            "lr": 1e-3,
            "train_split": None,
            "iterator_train__shuffle": True,
            "verbose": 0,
        }
        if self.kind == "classify":
            self.classes_, numbers = np.unique(y, return_inverse=True)
            self.net_ = NeuralNetClassifier(
                criterion=nn.CrossEntropyLoss, module__n_outputs=len(self.classes_), **options
            )
            self.net_.fit(self._inputs(X), numbers.astype(np.int64))
            return self
        self.scaler_ = StandardScaler().fit(self._column(y))
        targets = self.scaler_.transform(self._column(y)).astype(np.float32)
        self.shape_ = np.shape(y)[1:]
        self.net_ = NeuralNetRegressor(module__n_outputs=targets.shape[1], **options)
        self.net_.fit(self._inputs(X), targets)
        return self

    def predict(self, X: Any) -> Any:
        outputs = self.net_.predict(self._inputs(X))
        if self.kind == "classify":
            return self.classes_[outputs]
        return self.scaler_.inverse_transform(outputs).reshape(len(outputs), *self.shape_)

    def _inputs(self, X: Any) -> dict[str, Any]:
        x = as_table(X).reshape(len(X), -1, self.n_features_)
        x = ((x - self.mean_) / self.scale_).astype(np.float32)
        return {"x": x, "lengths": np.array([np.size(s) // self.n_features_ for s in X])}

    def _column(self, y: Any) -> Any:
        return np.asarray(y).reshape(len(y), -1)


class MiniRocket(BaseEstimator):
    """aeon's MiniRocket, on sequences padded at their end."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, X: Any, y: Any) -> "MiniRocket":
        from aeon.classification.convolution_based import MiniRocketClassifier

        self.n_features_ = X[0].shape[1]
        self.n_timesteps_ = max(_MINIROCKET_STEPS, *map(len, X))
        self.model_ = MiniRocketClassifier(random_state=self.seed).fit(self._channels(X), y)
        return self

    def predict(self, X: Any) -> Any:
        return self.model_.predict(self._channels(X))

    def _channels(self, X: Any) -> Any:
        steps = as_table(X).reshape(len(X), -1, self.n_features_)[:, : self.n_timesteps_]
        missing = self.n_timesteps_ - steps.shape[1]
        return np.pad(steps, ((0, 0), (0, missing), (0, 0))).transpose(0, 2, 1)


def _on_table(model: Any) -> Any:
    return make_pipeline(Table(), model)


def _boosting(kind: str, seed: int) -> Any:
    if kind == "classify":
        return _on_table(HistGradientBoostingClassifier(random_state=seed))
    return _on_table(_ManyOrOne(HistGradientBoostingRegressor(random_state=seed)))


class _ManyOrOne(BaseEstimator):
    """One model a target, where there are several."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> "_ManyOrOne":
        model = MultiOutputRegressor(self.model) if np.ndim(y) == 2 else self.model
        self.fitted_ = model.fit(X, y)
        return self

    def predict(self, X: Any) -> Any:
        return self.fitted_.predict(X)


def _naive(kind: str, seed: int) -> Any:
    kinds = {"forecast": LastValue, "regress": DummyRegressor, "classify": DummyClassifier}
    return _on_table(kinds[kind]())


def _ridge(kind: str, seed: int) -> Any:
    model = RidgeClassifier() if kind == "classify" else Ridge()
    return make_pipeline(Table(), StandardScaler(), model)


def _forest(kind: str, seed: int) -> Any:
    model = RandomForestClassifier if kind == "classify" else RandomForestRegressor
    return _on_table(model(_N_TREES, random_state=seed))


def _forest_of_changes(kind: str, seed: int) -> Any:
    return _on_table(OnChanges(RandomForestRegressor(_N_TREES, random_state=seed)))


def _sklstm(kind: str, seed: int) -> Any:
    return (LSTMClassifier if kind == "classify" else LSTMRegressor)(random_state=seed)


# Each makes a model for a kind of task and a seed.
RIVALS: dict[str, Callable[[str, int], Any]] = {
    "sklstm": _sklstm,
    "naive": _naive,
    "ridge": _ridge,
    "random forest": _forest,
    "forest, changes": _forest_of_changes,
    "boosting": _boosting,
    "plain LSTM": PlainLSTM,
}
# How many seeds at most; the others hardly differ from seed to seed.
N_SEEDS = {"sklstm": 5, "plain LSTM": 3}
if find_spec("aeon") is not None:
    RIVALS["MiniRocket"] = lambda kind, seed: MiniRocket(seed)
# What is made for one kind of task alone.
_ONLY = {"forest, changes": "forecast", "MiniRocket": "classify"}


def competes(rival: str, kind: str) -> bool:
    """Tell whether a rival is one for a kind of task."""
    return _ONLY.get(rival, kind) == kind
