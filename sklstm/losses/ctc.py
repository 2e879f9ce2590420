"""Connectionist temporal classification."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class CTC(nn.Module):
    """Connectionist temporal classification: symbols in order, without telling at which step.

    Every step's output is a symbol or the blank. An alignment is one output a step; merging its
    repeats and then dropping its blanks leaves the symbols. The loss is the negative logarithm of
    the summed probability of all alignments that leave the sequence's symbols [1]_.

    A sequence with fewer steps than `sklstm.decoding.needed_steps` of its symbols has no
    alignment, and its loss is infinite.

    Parameters
    ----------
    n_symbols : int
        Number of different symbols. Output 0 is the blank, output ``k + 1`` is symbol ``k``.

    Attributes
    ----------
    n_outputs : int
        Width of the network's output, ``n_symbols + 1``.

    References
    ----------
    .. [1] Graves, Fernández, Gomez and Schmidhuber (2006), Connectionist temporal classification:
       labelling unsegmented sequence data with recurrent neural networks, ICML.

    Examples
    --------
    Two steps of equal probabilities: blank and symbol 0 come in four alignments, of which all but
    two blanks leave the symbol.

    >>> import torch
    >>> from sklstm.losses import CTC
    >>> target = {
    ...     "symbols": torch.tensor([[0]]),
    ...     "n_symbols": torch.tensor([1]),
    ...     "n_steps": torch.tensor([2]),
    ... }
    >>> CTC(1)(torch.zeros(2, 2), target).neg().exp().tolist()
    [0.75]
    """

    n_outputs: int

    def __init__(self, n_symbols: int) -> None:
        super().__init__()
        self.n_outputs = n_symbols + 1

    def forward(self, output: Tensor, target: dict[str, Tensor]) -> Tensor:
        """Return the negative log-likelihood of every sequence.

        Parameters
        ----------
        output : Tensor of shape (total_steps, n_outputs)
            Scores of the present steps, one sequence after another.
        target : dict of Tensor, dtype int64
            ``"symbols"``, of shape (batch, longest), in which anything may stand behind a
            sequence's symbols; ``"n_symbols"``, of shape (batch,), which may be zero; and
            ``"n_steps"``, of shape (batch,).

        Returns
        -------
        Tensor of shape (batch,)
        """
        n_steps, n_symbols = target["n_steps"], target["n_symbols"]
        present = _mask(n_steps, int(n_steps.max()))  # (batch, time)
        log_p = output.new_zeros(*present.shape, self.n_outputs)  # (batch, time, outputs)
        log_p[present] = self.log_probabilities(output)
        symbols = target["symbols"]
        labels = symbols[_mask(n_symbols, symbols.shape[1])] + 1  # (total_symbols,)
        return functional.ctc_loss(
            log_p.transpose(0, 1), labels, n_steps, n_symbols, reduction="none"
        )

    def log_probabilities(self, output: Tensor) -> Tensor:
        """Return the logarithm of every output's probability, (total_steps, n_outputs)."""
        return output.log_softmax(1)


def _mask(lengths: Tensor, longest: int) -> Tensor:
    """Return which places lie within their sequence, (batch,) -> (batch, longest)."""
    return torch.arange(longest, device=lengths.device) < lengths[:, None]
