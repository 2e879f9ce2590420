"""Attention over the states of an encoder."""

import torch
from torch import Tensor, nn

from sklstm.nn.masks import present_steps


class Attention(nn.Module):
    """Global attention with the general score, behind the decoder's recurrent layers [1]_.

    Each state of the decoder weighs the encoder's states by a bilinear score; their weighted mean
    and the state itself go through a dense layer with tanh. What a step attends to does not enter
    the recurrence, so that all steps of a known output are computed at once.

    Parameters
    ----------
    n_states, n_memory : int
        Width of the decoder's and of the encoder's states.

    References
    ----------
    .. [1] Luong, Pham and Manning (2015), Effective approaches to attention-based neural machine
       translation, EMNLP.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import Attention
    >>> attend = Attention(4, 6)
    >>> attend(torch.zeros(2, 3, 4), torch.zeros(2, 5, 6), torch.tensor([5, 2])).shape
    torch.Size([2, 3, 4])
    """

    def __init__(self, n_states: int, n_memory: int) -> None:
        super().__init__()
        self.score = nn.Linear(n_memory, n_states, bias=False)
        self.combine = nn.Linear(n_memory + n_states, n_states)
        for layer in (self.score, self.combine):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(self.combine.bias)

    def forward(self, states: Tensor, memory: Tensor, lengths: Tensor | None) -> Tensor:
        """Return what goes to the output.

        Parameters
        ----------
        states : Tensor of shape (batch, steps, n_states)
        memory : Tensor of shape (batch, time, n_memory)
            Zero behind the end of a sequence.
        lengths : Tensor of shape (batch,) or None
            Of the memory.

        Returns
        -------
        Tensor of shape (batch, steps, n_states)
        """
        # the weight goes to the states: of those a decoder on its way has one, of memory always all
        scores = states @ self.score.weight @ memory.transpose(1, 2)  # (batch, steps, time)
        if lengths is not None:
            absent = ~present_steps(lengths, memory.shape[1])
            scores = scores.masked_fill(absent[:, None], -torch.inf)
        context = scores.softmax(2) @ memory  # (batch, steps, n_memory)
        return torch.tanh(self.combine(torch.cat([context, states], dim=2)))
