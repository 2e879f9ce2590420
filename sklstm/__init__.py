"""LSTM estimators that are true scikit-learn estimators."""

from sklstm.data import Windows, make_windows
from sklstm.estimators import LSTMClassifier, LSTMRegressor
from sklstm.preprocessing import SlidingWindowTransformer, TimestepTransformer

__version__ = "0.1.0"

__all__ = [
    "LSTMClassifier",
    "LSTMRegressor",
    "SlidingWindowTransformer",
    "TimestepTransformer",
    "Windows",
    "make_windows",
]
