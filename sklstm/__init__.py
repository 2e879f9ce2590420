"""LSTM estimators that are true scikit-learn estimators."""

# From deeper in the stack CPython 3.11 maps and frees a block of it at thousands of calls within
# scipy's import: a sixth of the time of all imports.
import sklearn  # noqa: F401
import torch  # noqa: F401

from sklstm.data import Windows, make_windows, panel_from_sequences, sequences_from_panel
from sklstm.estimators import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMSeq2SeqClassifier,
    LSTMSeq2SeqRegressor,
    LSTMTranscriber,
    Stream,
)
from sklstm.preprocessing import SlidingWindowTransformer, TimestepTransformer

__version__ = "0.1.0"

__all__ = [
    "LSTMClassifier",
    "LSTMRegressor",
    "LSTMSeq2SeqClassifier",
    "LSTMSeq2SeqRegressor",
    "LSTMTranscriber",
    "SlidingWindowTransformer",
    "Stream",
    "TimestepTransformer",
    "Windows",
    "make_windows",
    "panel_from_sequences",
    "sequences_from_panel",
]
