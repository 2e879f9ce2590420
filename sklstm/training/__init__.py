"""Training through skorch; the only room that imports it, and only once a net is made."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sklstm.training.optimizers import OPTIMIZERS, check_optimizer, resolve_weight_decay
from sklstm.training.prediction import evaluating, predict_outputs
from sklstm.training.runtime import (
    Interrupts,
    check_precision,
    fresh_seed,
    own_defaults,
    private_runtime,
    resolve_device,
    threads_for,
)
from sklstm.training.samples import Samples, Split, Targets
from sklstm.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from sklstm.training.callbacks import BestWeights, DivergedError, check_callbacks
    from sklstm.training.net import SequenceNet, make_net
    from sklstm.training.teaching import TeacherForcing

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "BestWeights",
    "DivergedError",
    "Interrupts",
    "Samples",
    "SequenceNet",
    "Split",
    "Targets",
    "TeacherForcing",
    "check_callbacks",
    "check_optimizer",
    "check_precision",
    "evaluating",
    "fresh_seed",
    "make_net",
    "own_defaults",
    "predict_outputs",
    "private_runtime",
    "resolve_device",
    "resolve_weight_decay",
    "threads_for",
]


# What imports skorch is imported when it is first asked for.
_LATE = {
    "BestWeights": "callbacks",
    "DivergedError": "callbacks",
    "check_callbacks": "callbacks",
    "SequenceNet": "net",
    "make_net": "net",
    "TeacherForcing": "teaching",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
