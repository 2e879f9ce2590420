import numpy as np
import torch
from numpy.testing import assert_allclose

from sklstm.nn import Attention


def test_attention_against_loops(rng):
    attend = Attention(3, 4).double()
    states, memory = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 6, 4))
    lengths = [6, 2]
    W, V = attend.score.weight.detach().numpy(), attend.combine.weight.detach().numpy()
    expected = np.zeros((2, 5, 3))
    for b in range(2):
        for t in range(5):
            scores = np.array([states[b, t] @ W @ memory[b, s] for s in range(lengths[b])])
            weights = np.exp(scores) / np.exp(scores).sum()
            context = sum(w * m for w, m in zip(weights, memory[b], strict=False))
            expected[b, t] = np.tanh(V @ np.concatenate([context, states[b, t]]))
    memory[1, 2:] = 0.0  # behind the end
    found = attend(torch.as_tensor(states), torch.as_tensor(memory), torch.tensor(lengths))
    assert_allclose(found.detach(), expected, rtol=1e-10)
