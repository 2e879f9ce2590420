from types import SimpleNamespace

import pytest

from sklstm.training import TeacherForcing


@pytest.mark.parametrize(
    ("n_epochs", "shares"),
    [(5, [1.0, 0.875, 0.75, 0.625, 0.5]), (2, [1.0, 0.5]), (1, [1.0])],
)
def test_the_share_goes_in_a_straight_line(n_epochs, shares):
    net = SimpleNamespace(module_=SimpleNamespace(truth_share=None))
    teacher = TeacherForcing(1.0, 0.5, n_epochs)
    teacher.on_train_begin(net)
    found = []
    for _ in range(n_epochs):
        found.append(net.module_.truth_share)
        teacher.on_epoch_end(net)
    assert found == pytest.approx(shares)
    assert net.module_.truth_share == 0.5
