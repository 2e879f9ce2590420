"""Keras on TensorFlow, from arrays in memory.

Keras shuffles indices and gathers whole batches through `tf.data` by itself; a data set written
so by hand was no faster.
"""

import os
from time import perf_counter
from typing import Any, ClassVar

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf  # noqa: F401 - its version is reported

from peers.cases import LEARNING_RATE, N_FEATURES, PREDICTION_BATCH, Case, Floats, make_windows

PACKAGES = ("keras", "tensorflow")


class EpochEnds(keras.callbacks.Callback):
    """Notes the time after every epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.ends.append(perf_counter())


class Peer:
    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, case: Case) -> None:
        self.case = case
        self.X, self.y = make_windows(case)

    def fit(self, n_epochs: int) -> list[float]:
        keras.utils.set_random_seed(0)
        self.model = keras.Sequential(
            [
                keras.Input((self.case.timesteps, N_FEATURES)),
                keras.layers.LSTM(self.case.hidden),
                keras.layers.Dense(1),
            ]
        )
        optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=0)
        self.model.compile(optimizer, loss="mse", **self.options)
        clock = EpochEnds()
        self.model.fit(
            self.X,
            self.y,
            batch_size=self.case.batch,
            epochs=n_epochs,
            callbacks=[clock],
            verbose=0,
        )
        return clock.ends

    def predict(self) -> Floats:
        return self.model.predict(self.X, batch_size=PREDICTION_BATCH, verbose=0)[:, 0]
