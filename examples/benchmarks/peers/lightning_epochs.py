"""When the epochs of a fit by Lightning ended, and what such fits have in common."""

from time import perf_counter
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

# Neither files nor terminal.
QUIET: dict[str, Any] = {
    "accelerator": "cpu",
    "enable_checkpointing": False,
    "enable_model_summary": False,
    "enable_progress_bar": False,
    "logger": False,
}


class EpochEnds(Callback):
    """Notes the time after every `n_batches` steps, whatever the library takes for an epoch."""

    def __init__(self, n_batches: int) -> None:
        self.n_batches = n_batches
        self.ends: list[float] = []

    def on_train_batch_end(self, trainer: Trainer, model: LightningModule, *batch: Any) -> None:
        if trainer.global_step % self.n_batches == 0:
            self.ends.append(perf_counter())
