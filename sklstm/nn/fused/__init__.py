"""Recurrent layers over all steps in one compiled call, forward and backward."""

from sklstm.nn.fused.function import Continuation, can_run, has_kernel, run
from sklstm.nn.fused.threads import keep_threads

__all__ = ["Continuation", "can_run", "has_kernel", "keep_threads", "run"]
