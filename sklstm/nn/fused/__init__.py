"""Recurrent layers and what follows them in compiled calls over all steps, forward and backward."""

from sklstm.nn.fused.function import Continuation, can_run, has_kernel, run
from sklstm.nn.fused.summary import can_normalize, summarize
from sklstm.nn.fused.support import can_take
from sklstm.nn.fused.threads import keep_threads

__all__ = [
    "Continuation",
    "can_normalize",
    "can_run",
    "can_take",
    "has_kernel",
    "keep_threads",
    "run",
    "summarize",
]
