"""Training through skorch; the only room that imports it."""

from sklstm.training.callbacks import BestWeights, check_callbacks
from sklstm.training.net import SequenceNet, make_net
from sklstm.training.optimizers import OPTIMIZERS, check_optimizer
from sklstm.training.prediction import predict_outputs
from sklstm.training.runtime import (
    Interrupts,
    fresh_seed,
    private_runtime,
    resolve_device,
    threads_for,
)
from sklstm.training.samples import Samples, Split
from sklstm.training.schedules import SCHEDULES

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "BestWeights",
    "Interrupts",
    "Samples",
    "SequenceNet",
    "Split",
    "check_callbacks",
    "check_optimizer",
    "fresh_seed",
    "make_net",
    "predict_outputs",
    "private_runtime",
    "resolve_device",
    "threads_for",
]
