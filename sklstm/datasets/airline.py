"""Airline passengers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_PASSENGERS = """
112 118 132 129 121 135 148 148 136 119 104 118
115 126 141 135 125 149 170 170 158 133 114 140
145 150 178 163 172 178 199 199 184 162 146 166
171 180 193 181 183 218 230 242 209 191 172 194
196 196 236 235 229 243 264 272 237 211 180 201
204 188 235 227 234 264 302 293 259 229 203 229
242 233 267 269 270 315 364 347 312 274 237 278
284 277 317 313 318 374 413 405 355 306 271 306
315 301 356 348 355 422 465 467 404 347 305 336
340 318 362 348 363 435 491 505 404 359 310 337
360 342 406 396 420 472 548 559 463 407 362 405
417 391 419 461 472 535 622 606 508 461 390 432
"""


def load_airline_passengers() -> "pd.Series":
    """Return the monthly totals of international airline passengers, 1949 to 1960.

    Returns
    -------
    Series of length 144, float64
        In thousands of passengers, named "passengers", indexed by the first day of the month.

    References
    ----------
    .. [1] Box, G. E. P. and Jenkins, G. M. (1976), Time Series Analysis, Forecasting and Control,
       series G.

    Examples
    --------
    >>> from sklstm.datasets import load_airline_passengers
    >>> passengers = load_airline_passengers()
    >>> len(passengers), passengers.sum()
    (144, np.float64(40363.0))
    """
    import pandas as pd

    values = [float(figure) for figure in _PASSENGERS.split()]
    months = pd.date_range("1949-01-01", periods=len(values), freq="MS", name="month")
    return pd.Series(values, index=months, name="passengers")
