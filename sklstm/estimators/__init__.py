"""The estimators."""

from sklstm.estimators.classifier import LSTMClassifier
from sklstm.estimators.regressor import LSTMRegressor

__all__ = ["LSTMClassifier", "LSTMRegressor"]
