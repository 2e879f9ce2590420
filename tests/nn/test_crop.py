from collections import Counter

import pytest
import torch

from sklstm.nn import RandomCrop


def crops(crop, x, lengths=None, n=400):
    torch.manual_seed(0)
    return [crop(x, lengths) for _ in range(n)]


@pytest.mark.parametrize(
    ("share", "time", "most"), [(0.1, 9, 0), (0.1, 10, 1), (0.1, 39, 3), (0.5, 1, 0), (0.5, 7, 3)]
)
@pytest.mark.parametrize("ragged", [False, True])
def test_each_number_of_first_steps_is_left_out_as_often(share, time, most, ragged):
    x = torch.arange(1.0, 2 * time * 3 + 1).reshape(2, time, 3)
    given = torch.tensor([time, time]) if ragged else None
    left_out = Counter()
    for cropped, lengths in crops(RandomCrop(share), x, given):
        n = time - (int(lengths[0]) if ragged else cropped.shape[1])
        assert torch.equal(cropped[:, : time - n], x[:, n:])
        left_out[n] += 1
    assert set(left_out) == set(range(most + 1))
    assert min(left_out.values()) > 0.6 * 400 / (most + 1)


def test_sequences_keep_their_ends_and_lose_as_many_steps():
    lengths = torch.tensor([12, 6, 20])
    x = torch.arange(3 * 20.0).reshape(3, 20, 1)
    seen = set()
    for cropped, left in crops(RandomCrop(0.5), x, lengths):
        (n,) = set((lengths - left).tolist())
        seen.add(n)
        for i, length in enumerate(lengths):
            assert torch.equal(cropped[i, : left[i]], x[i, n:length])
    assert seen == {0, 1, 2, 3}  # half of the shortest


@pytest.mark.parametrize("lengths", [None, torch.tensor([3, 10])])
def test_nothing_is_left_out_at_prediction_or_without_a_share(lengths):
    x = torch.randn(2, 10, 1)
    for crop in (RandomCrop(0.5).eval(), RandomCrop(0.0)):
        assert all(a is x and b is lengths for a, b in crops(crop, x, lengths, 20))
