"""Data in numpy: sequences, windows, batches, targets and splits."""

from sklstm.data.anchor import Anchor, find_anchor, no_anchor
from sklstm.data.batches import Batches, resolve_batch_size, resolve_max_epochs, resolve_patch_size
from sklstm.data.encodings import ENCODINGS, find_edges, find_encoding, resolve_categorical
from sklstm.data.linear import LinearMap, fit_linear_map
from sklstm.data.sequences import Sequences, as_sequences
from sklstm.data.splits import SPLITS, check_split, held_out_blocks, split_validation
from sklstm.data.targets import ClassTargets, RegressionTargets, columns
from sklstm.data.windows import Windows, make_windows, view_windows

__all__ = [
    "ENCODINGS",
    "SPLITS",
    "Anchor",
    "Batches",
    "ClassTargets",
    "LinearMap",
    "RegressionTargets",
    "Sequences",
    "Windows",
    "as_sequences",
    "check_split",
    "columns",
    "find_anchor",
    "find_edges",
    "find_encoding",
    "fit_linear_map",
    "held_out_blocks",
    "make_windows",
    "no_anchor",
    "resolve_batch_size",
    "resolve_categorical",
    "resolve_max_epochs",
    "resolve_patch_size",
    "split_validation",
    "view_windows",
]
