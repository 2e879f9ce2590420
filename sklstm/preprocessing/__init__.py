"""Transformers between series, windows and sequences."""

from sklstm.preprocessing.sliding_window import SlidingWindowTransformer
from sklstm.preprocessing.timestep import TimestepTransformer

__all__ = ["SlidingWindowTransformer", "TimestepTransformer"]
