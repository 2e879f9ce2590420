import numpy as np
import pandas as pd
import pytest

from sklstm.datasets import load_airline_passengers


def test_series():
    series = load_airline_passengers()
    assert (len(series), series.sum()) == (144, 40_363)
    assert (series.name, series.dtype) == ("passengers", np.float64)
    assert series.index.equals(pd.date_range("1949-01-01", "1960-12-01", freq="MS"))


@pytest.mark.parametrize(
    ("month", "passengers"),
    [
        ("1949-01", 112),
        ("1949-12", 118),
        ("1950-11", 114),
        ("1951-03", 178),
        ("1954-02", 188),
        ("1955-07", 364),
        ("1957-08", 467),
        ("1958-02", 318),
        ("1960-07", 622),
        ("1960-12", 432),
    ],
)
def test_published_figures(month, passengers):
    assert load_airline_passengers()[f"{month}-01"] == passengers


@pytest.mark.parametrize(
    ("year", "total"), [(1949, 1520), (1952, 2364), (1956, 3939), (1960, 5714)]
)
def test_yearly_totals(year, total):
    series = load_airline_passengers()
    assert series[series.index.year == year].sum() == total


@pytest.mark.parametrize(
    ("year", "figures"),
    [
        (1949, [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118]),
        (1953, [196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201]),
        (1956, [284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306]),
        (1960, [417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432]),
    ],
)
def test_whole_years(year, figures):
    series = load_airline_passengers()
    assert series[series.index.year == year].tolist() == figures


def test_extremes():
    series = load_airline_passengers()
    assert (series.min(), str(series.idxmin().date())) == (104, "1949-11-01")
    assert (series.max(), str(series.idxmax().date())) == (622, "1960-07-01")


def test_every_call_returns_a_series_of_its_own():
    series = load_airline_passengers()
    series[:] = 0.0
    assert load_airline_passengers().sum() == 40_363
