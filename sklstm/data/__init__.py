"""Data in numpy: sequences, windows, batches, targets and splits."""

from sklstm.data.anchor import Anchor, find_anchor, no_anchor
from sklstm.data.batches import Batches, resolve_batch_size, resolve_max_epochs
from sklstm.data.sequences import Sequences, as_sequences
from sklstm.data.splits import SPLITS, check_split, split_validation
from sklstm.data.targets import ClassTargets, RegressionTargets, columns
from sklstm.data.windows import Windows, make_windows, view_windows

__all__ = [
    "SPLITS",
    "Anchor",
    "Batches",
    "ClassTargets",
    "RegressionTargets",
    "Sequences",
    "Windows",
    "as_sequences",
    "check_split",
    "columns",
    "find_anchor",
    "make_windows",
    "no_anchor",
    "resolve_batch_size",
    "resolve_max_epochs",
    "split_validation",
    "view_windows",
]
