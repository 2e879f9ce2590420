"""Small real series and sequences, and generators."""

from sklstm.datasets.airline import load_airline_passengers
from sklstm.datasets.digits import load_digit_sequences
from sklstm.datasets.panel import make_series_panel
from sklstm.datasets.synthetic import make_seasonal_series, make_wave_sequences

__all__ = [
    "load_airline_passengers",
    "load_digit_sequences",
    "make_seasonal_series",
    "make_series_panel",
    "make_wave_sequences",
]
