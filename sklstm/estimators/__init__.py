"""The estimators."""

from sklstm.estimators.classifier import LSTMClassifier
from sklstm.estimators.regressor import LSTMRegressor
from sklstm.estimators.seq2seq_classifier import LSTMSeq2SeqClassifier
from sklstm.estimators.seq2seq_regressor import LSTMSeq2SeqRegressor
from sklstm.estimators.stream import Stream
from sklstm.estimators.transcriber import LSTMTranscriber

__all__ = [
    "LSTMClassifier",
    "LSTMRegressor",
    "LSTMSeq2SeqClassifier",
    "LSTMSeq2SeqRegressor",
    "LSTMTranscriber",
    "Stream",
]
