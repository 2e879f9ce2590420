"""Recurrent layers over all steps in one compiled call, forward and backward."""

from sklstm.nn.fused.function import can_run, run

__all__ = ["can_run", "run"]
