"""Decoding in numpy: from probabilities to symbols, and how far those are from the truth."""

from sklstm.decoding.beam import beam_search
from sklstm.decoding.ctc import decode_beam, decode_greedy, needed_steps
from sklstm.decoding.edit_distance import edit_distance, error_rate

__all__ = [
    "beam_search",
    "decode_beam",
    "decode_greedy",
    "edit_distance",
    "error_rate",
    "needed_steps",
]
