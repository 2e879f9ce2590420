"""Normalisation of padded sequences; padding takes no part in any statistic."""

from torch import Tensor, nn

from sklstm.nn.masks import present_steps


class LayerNormalization(nn.Module):
    """Normalise every step over its features (Ba, Kiros and Hinton, 2016).

    Parameters
    ----------
    n_features : int

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.normalization import LayerNormalization
    >>> LayerNormalization(2)(torch.tensor([[[1.0, 3.0]]]), None).round().tolist()
    [[[-1.0, 1.0]]]
    """

    # of a step with one feature nothing would be left
    on_input = False

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(n_features)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return x normalised, of shape (batch, time, features)."""
        normalized: Tensor = self.norm(x)
        return normalized


class BatchNormalization(nn.Module):
    """Normalise every feature over all present steps of a batch (Ioffe and Szegedy, 2015).

    At prediction the running statistics of training are used, so that the rows of a batch do
    not influence one another.

    Parameters
    ----------
    n_features : int

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.normalization import BatchNormalization
    >>> x = torch.tensor([[[1.0], [3.0], [99.0]]])
    >>> BatchNormalization(1)(x, torch.tensor([2])).round().ravel().tolist()
    [-1.0, 1.0, 0.0]
    """

    on_input = True

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(n_features)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return x normalised, of shape (batch, time, features), zero on padding.

        Raises
        ------
        ValueError
            If a batch of training is a single step.
        """
        if lengths is None:
            return self._normalize(x.flatten(0, 1)).view_as(x)  # (batch * time, features)
        present = present_steps(lengths, x.shape[1])  # (batch, time)
        normalized = x.new_zeros(x.shape)
        normalized[present] = self._normalize(x[present])
        return normalized

    def _normalize(self, steps: Tensor) -> Tensor:
        if self.training and len(steps) == 1:
            raise ValueError(
                "normalization='batch' needs more than one time step in a batch, but one is a "
                "single step (behind patches and crops). Raise batch_size, bring more samples, or "
                "set normalization to 'layer' or None."
            )
        normalized: Tensor = self.norm(steps)
        return normalized


NORMALIZATIONS: dict[str, type[LayerNormalization] | type[BatchNormalization]] = {
    "layer": LayerNormalization,
    "batch": BatchNormalization,
}
