import torch

from sklstm.nn import NumberFeed, SymbolFeed


def test_symbols_begin_and_end_with_the_symbol_behind_all_others():
    feed = SymbolFeed(3, 5)
    start = feed.start(torch.zeros(2, 4))
    assert start.tolist() == [3, 3]
    assert feed(start).shape == (2, 5)
    assert feed(torch.zeros(2, 6, dtype=torch.int64)).shape == (2, 6, 5)
    chosen = feed.choose(torch.tensor([[0.0, 2.0, 1.0, 0.0], [0.0, 0.0, 0.0, 9.0]]))
    assert chosen.tolist() == [1, 3]
    assert feed.end == 3


def test_numbers_are_fed_as_they_are_and_never_end():
    feed = NumberFeed(2)
    x = torch.ones(3, 7)
    assert feed.start(x).tolist() == [[0.0, 0.0]] * 3
    outputs = torch.randn(3, 2, requires_grad=True)
    chosen = feed.choose(outputs)
    assert feed(chosen) is chosen
    assert torch.equal(chosen, outputs)
    assert not chosen.requires_grad
    assert feed.end is None
