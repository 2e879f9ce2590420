"""Data in numpy: sequences, windows, batches, targets and splits."""

from sklstm.data.anchor import Anchor, find_anchor, no_anchor
from sklstm.data.batches import Batches
from sklstm.data.encodings import ENCODINGS, find_edges, find_encoding, resolve_categorical
from sklstm.data.feature_statistics import (
    difference_scale,
    mean_and_variance,
    moments,
    scale_of,
    sequence_means,
)
from sklstm.data.images import columns_of_images
from sklstm.data.layout import as_sequences, holds_integers, holds_members, step_names
from sklstm.data.limits import find_limits
from sklstm.data.linear import LinearMap, explained_share, fit_linear_map
from sklstm.data.panels import panel_from_sequences, sequences_from_panel
from sklstm.data.rows import first_rows, rows_of, spaced
from sklstm.data.sequences import Sequences
from sklstm.data.series import Panel, read_series
from sklstm.data.splits import (
    SPLITS,
    check_split,
    held_out_blocks,
    hold_out_of_classes,
    split_validation,
)
from sklstm.data.step_encoding import StepEncoding, find_step_encoding
from sklstm.data.step_reading import StepReading
from sklstm.data.steps import (
    Steps,
    as_objects,
    as_steps,
    labels_of_steps,
    numbers_of_steps,
    split_steps,
)
from sklstm.data.targets import LITTLE_TRUST, ClassTargets, RegressionTargets, columns
from sklstm.data.time_grid import TimeGrid, dates_of, warn_unless_in_time
from sklstm.data.transcripts import TranscriptTargets, as_transcripts
from sklstm.data.windows import Windows, make_windows, view_windows

__all__ = [
    "ENCODINGS",
    "LITTLE_TRUST",
    "SPLITS",
    "Anchor",
    "Batches",
    "ClassTargets",
    "LinearMap",
    "Panel",
    "RegressionTargets",
    "Sequences",
    "StepEncoding",
    "StepReading",
    "Steps",
    "TimeGrid",
    "TranscriptTargets",
    "Windows",
    "as_objects",
    "as_sequences",
    "as_steps",
    "as_transcripts",
    "check_split",
    "columns",
    "columns_of_images",
    "dates_of",
    "difference_scale",
    "explained_share",
    "find_anchor",
    "find_edges",
    "find_encoding",
    "find_limits",
    "find_step_encoding",
    "first_rows",
    "fit_linear_map",
    "held_out_blocks",
    "hold_out_of_classes",
    "holds_integers",
    "holds_members",
    "labels_of_steps",
    "make_windows",
    "mean_and_variance",
    "moments",
    "no_anchor",
    "numbers_of_steps",
    "panel_from_sequences",
    "read_series",
    "resolve_categorical",
    "rows_of",
    "scale_of",
    "sequence_means",
    "sequences_from_panel",
    "spaced",
    "split_steps",
    "split_validation",
    "step_names",
    "view_windows",
    "warn_unless_in_time",
]
