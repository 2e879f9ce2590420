"""Data in numpy: sequences, windows, batches, targets and splits."""

from sklstm.data.batches import Batches, resolve_batch_size, resolve_max_epochs
from sklstm.data.sequences import Sequences, as_sequences
from sklstm.data.splits import SPLITS, check_split, split_validation
from sklstm.data.targets import ClassTargets, RegressionTargets
from sklstm.data.windows import Windows, make_windows, view_windows

__all__ = [
    "SPLITS",
    "Batches",
    "ClassTargets",
    "RegressionTargets",
    "Sequences",
    "Windows",
    "as_sequences",
    "check_split",
    "make_windows",
    "resolve_batch_size",
    "resolve_max_epochs",
    "split_validation",
    "view_windows",
]
