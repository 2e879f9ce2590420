"""What may be given as features, and what is told where they are missing."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from sklstm.forecasting import WindowForecaster


class TestFeatures:
    days = pd.date_range("2026-01-01", periods=30, freq="D")
    y = pd.Series(np.arange(30.0), index=days)
    X = pd.DataFrame({"a": 1.0, "b": 2.0}, index=days)

    @pytest.fixture
    def model(self):
        return WindowForecaster(Ridge(), 3, 2, past_only=["b"]).fit(self.y[:25], self.X[:25])

    def test_those_of_the_future_must_be_given(self, model):
        with pytest.raises(ValueError, match=r"\['a'\] of the next 2 step\(s\) are missing"):
            model.predict()

    def test_those_of_all_steps_must_be_there(self, model):
        with pytest.raises(
            ValueError, match=r"X has no row of time 2026-01-27.*to time 2026-01-27"
        ):
            model.predict(X=self.X[:26])

    def test_they_must_be_numbers(self, model):
        with pytest.raises(ValueError, match=r"A value is missing.*steps to come"):
            model.predict(X=self.X.assign(a=np.nan))

    def test_their_columns_must_be_those_of_fit(self, model):
        with pytest.raises(ValueError, match=r"X must have the columns of fit. It lacks \['a'\]"):
            model.predict(X=self.X.rename(columns={"a": "c"}))

    def test_they_must_cover_y(self):
        with pytest.raises(ValueError, match="X has no row of time 2026-01-21"):
            WindowForecaster(Ridge(), 3).fit(self.y, self.X[:20])

    def test_none_were_given_before(self):
        with pytest.raises(ValueError, match="X was None in fit"):
            WindowForecaster(Ridge(), 3).fit(self.y).predict(X=self.X)

    def test_update_needs_them(self, model):
        before = model.predict(X=self.X)
        with pytest.raises(ValueError, match="There were features in fit"):
            model.update(self.y[25:])
        pd.testing.assert_series_equal(model.predict(X=self.X), before)

    def test_one_frame_may_serve_all_series(self):
        y = pd.concat({"u": self.y[:25], "v": 2 * self.y[3:20]}, names=["id"])
        shared = WindowForecaster(Ridge(), 3, 2).fit(y, self.X).predict(X=self.X)
        own = pd.concat({"u": self.X, "v": self.X}, names=["id"])
        pd.testing.assert_series_equal(
            WindowForecaster(Ridge(), 3, 2).fit(y, own).predict(X=own), shared
        )
        long = y.rename("y").rename_axis(["id", "day"]).reset_index()
        model = WindowForecaster(Ridge(), 3, 2, group_by="id", time_column="day")
        table = self.X.rename_axis("day").reset_index()
        for X in (table, own.rename_axis(["id", "day"]).reset_index()):
            assert model.fit(long, X).predict(X=X)["y"].tolist() == shared.tolist()

    def test_arrays_of_many_series_are_refused(self):
        y = pd.concat({"u": self.y, "v": self.y}, names=["id"])
        with pytest.raises(ValueError, match="X of many series must be a DataFrame"):
            WindowForecaster(Ridge(), 3).fit(y, np.ones((60, 1)))

    def test_columns_are_found_by_name(self, model):
        turned = self.X[["b", "a"]].assign(c=3.0)
        pd.testing.assert_series_equal(model.predict(X=turned), model.predict(X=self.X))

    def test_arrays_are_found_by_position(self):
        model = WindowForecaster(Ridge(), 3, 2).fit(self.y[:25], self.X[:25])
        wanted = model.predict(X=self.X)
        np.testing.assert_array_equal(model.predict(X=self.X[25:27].to_numpy()), wanted)
        again = WindowForecaster(Ridge(), 3, 2).fit(self.y[:25], self.X[:25].to_numpy())
        np.testing.assert_array_equal(again.predict(X=self.X[25:27].to_numpy()), wanted)

    def test_arrays_must_be_long_enough(self, model):
        for n_rows in (1, 3):  # and no longer: nothing tells which rows are meant
            with pytest.raises(ValueError, match=rf"X must have 2 row\(s\).*Got {n_rows}"):
                model.predict(X=self.X[25 : 25 + n_rows].to_numpy())

    def test_rows_beside_an_array_are_found_by_position(self):
        model = WindowForecaster(Ridge(), 3, 2).fit(self.y[:25].to_numpy(), self.X[:25])
        wanted = WindowForecaster(Ridge(), 3, 2).fit(self.y[:25], self.X).predict(X=self.X)
        np.testing.assert_array_equal(model.predict(X=self.X[25:27]), wanted)
        with pytest.raises(ValueError, match="found by their time only if both y and X have"):
            model.predict(X=self.X)

    def test_columns_may_be_numbers(self):
        X = self.X.set_axis([0, 1], axis=1)
        model = WindowForecaster(Ridge(), 3, 2, past_only=[1]).fit(self.y[:25], X)
        pd.testing.assert_series_equal(model.predict(X=X[[0]]), model.predict(X=X))

    def test_a_series_is_a_single_feature(self):
        model = WindowForecaster(Ridge(), 3, 2).fit(self.y[:25], self.X["a"])
        assert len(model.predict(X=self.X["a"])) == 2


@pytest.mark.parametrize(
    ("own", "finer"), [("B", "D"), ("W", "D"), ("2h", "h"), ("MS", "D")], ids=str
)
def test_features_of_more_times_than_the_series(own, finer):
    index = pd.date_range("2026-01-04", periods=60, freq=own)
    times = pd.date_range("2026-01-01", index[-1] + 9 * index.freq, freq=finer)
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=len(times))}, index=times)
    y = 2 * X["a"].reindex(index)
    forecast = WindowForecaster(LinearRegression(), 3, 2).fit(y, X).predict(X=X)
    np.testing.assert_allclose(forecast, 2 * X["a"].reindex(forecast.index))


def test_features_between_the_times_of_the_series_are_none_of_it():
    y = pd.Series(np.arange(30.0), index=pd.date_range("2026-01-01", periods=30))
    X = pd.DataFrame({"a": 1.0}, index=y.index + pd.Timedelta("1h"))
    with pytest.raises(ValueError, match=r"X: Time stamp 2026-01-01 01:00.* does not lie"):
        WindowForecaster(LinearRegression(), 3).fit(y, X)
