"""The estimators."""

from sklstm.estimators.classifier import LSTMClassifier
from sklstm.estimators.regressor import LSTMRegressor
from sklstm.estimators.transcriber import LSTMTranscriber

__all__ = ["LSTMClassifier", "LSTMRegressor", "LSTMTranscriber"]
