import pytest

from sklstm.forecasting.strategies import STRATEGIES, Stage


@pytest.mark.parametrize("lags", [(1,), (3, 2, 1), (12, 2), (7, 6)])
@pytest.mark.parametrize("ahead", [(1,), (4,), (1, 2, 3, 4, 5)])
def test_shifted_rows_show_every_step_and_none_behind_the_last(lags, ahead):
    shown = {1 - lag + shift for shift in Stage(lags, ahead).shifts for lag in lags}
    assert set(ahead) <= shown
    assert max(shown) == max(ahead)
    assert Stage(lags, ahead).shows_own is bool(shown & {1 - lag for lag in lags})


@pytest.mark.parametrize(
    ("n_lags", "horizon", "shows_own"),
    [(7, 7, False), (7, 14, False), (7, 8, True), (8, 7, True), (14, 7, True), (1, 1, False)],
)
def test_whether_rows_are_told_what_is_known_of_themselves(n_lags, horizon, shows_own):
    lags, ahead = tuple(range(n_lags, 0, -1)), tuple(range(1, horizon + 1))
    assert Stage(lags, ahead).shows_own is shows_own


def test_stages_cover_the_horizon():
    lags = (3, 2, 1)
    stages = {name: strategy.stages(lags, 3) for name, strategy in STRATEGIES.items()}
    assert [stage.ahead for stage in stages["multioutput"]] == [(1, 2, 3)]
    assert [stage.ahead for stage in stages["direct"]] == [(1,), (2,), (3,)]
    assert len(stages["recursive"]) == 1
    assert [stage.lags for stage in stages["dirrec"]] == [
        (3, 2, 1),
        (4, 3, 2, 1),
        (5, 4, 3, 2, 1),
    ]
    assert [stage.n_fed for stage in stages["dirrec"]] == [0, 1, 2]
