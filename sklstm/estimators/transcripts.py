"""What estimators share whose targets are strings or lists of symbols."""

from typing import Any, Self

from numpy.typing import ArrayLike, NDArray

from sklstm.data import Sequences, TranscriptTargets, as_transcripts
from sklstm.estimators.base import BaseLSTM
from sklstm.estimators.part import Part


class TranscriptsMixin(BaseLSTM):
    """What a transcript is, and which symbols there are."""

    classes_: NDArray[Any]
    targets_: TranscriptTargets

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like
            Sequences: (n_samples, n_timesteps, n_features), (n_samples, n_timesteps), or a list of
            (n_timesteps_i, n_features) or (n_timesteps_i,) arrays, as `LSTMClassifier` takes them.
            A transcriber with ``cell="mdlstm"`` takes images of one height: (n_samples, height,
            width[, n_channels]), or a list of (height, width_i[, n_channels]) arrays.
        y : array-like of shape (n_samples,)
            Strings, or lists of symbols; empty ones too.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss, the scaling and the validation. A sample of weight zero is as
            good as absent.
        X_val, y_val : array-like, default=None
            Samples to validate on, in the place of a split of X.

        Returns
        -------
        self : object
            The fitted estimator. After Ctrl-C it holds what has been learnt so far.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, or training diverges. The estimator
            is then as it was before.
        """
        super().fit(X, y, sample_weight, X_val=X_val, y_val=y_val)
        return self

    def _check_y(self, y: Any, sequences: Sequences) -> NDArray[Any]:
        return as_transcripts(y)

    def _prepare(self, part: Part, classes: ArrayLike | None, *, resume: bool) -> None:
        if resume:
            self.targets_.encode(part.targets)
            return
        self.targets_ = TranscriptTargets(part.targets)
        self.classes_ = self.targets_.symbols

    def _check_known(self, valid: Part) -> None:
        self.targets_.encode(valid.targets)
