"""What estimators share whose targets are strings or lists of symbols."""

from typing import Any

from numpy.typing import ArrayLike, NDArray

from sklstm.data import Sequences, TranscriptTargets, as_transcripts
from sklstm.estimators.base import BaseLSTM
from sklstm.estimators.part import Part


class TranscriptsMixin(BaseLSTM):
    """The hooks that say what a transcript is, and which symbols there are."""

    classes_: NDArray[Any]
    targets_: TranscriptTargets

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
