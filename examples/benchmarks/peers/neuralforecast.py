"""NeuralForecast's `LSTM`: the first feature as target, the others as historic exogenous ones.

With ``decoder_layers=1`` the model is the same network: an LSTM layer, and a linear layer on its
last state. Its unit is a step on `windows_batch_size` windows of one series, drawn without
replacement anew in each step; as many steps as make a pass over all windows count as an epoch.
(The series cut into pieces of one batch each made a step 5 % faster, and batches of neighbours.)
Scaling and validation are off. The model is called without the `NeuralForecast` class around it,
which adds the handling of data frames.
"""

from typing import Any

import numpy as np
import pandas as pd
import torch
from neuralforecast.losses.pytorch import MSE
from neuralforecast.models import LSTM
from neuralforecast.tsdataset import TimeSeriesDataset

from peers.cases import LEARNING_RATE, PREDICTION_BATCH, Case, Floats, make_series
from peers.lightning_epochs import QUIET, EpochEnds

PACKAGES = ("neuralforecast", "pytorch_lightning", "torch")


class Peer:
    def __init__(self, case: Case) -> None:
        self.case = case
        series = make_series(case)
        self.y = series[case.timesteps :, 0]
        self.exogenous = [f"x{i}" for i in range(1, series.shape[1])]
        frame = pd.DataFrame(series, columns=["y", *self.exogenous])
        frame = frame.assign(unique_id="series", ds=np.arange(len(series)))
        self.dataset, *_ = TimeSeriesDataset.from_df(frame)

    def fit(self, n_epochs: int) -> list[float]:
        clock = EpochEnds(self.case.n_batches)
        trainer: dict[str, Any] = {**QUIET, "callbacks": [clock], "limit_val_batches": 0}
        self.model = LSTM(
            h=1,
            input_size=self.case.timesteps,
            encoder_n_layers=1,
            encoder_hidden_size=self.case.hidden,
            decoder_layers=1,
            hist_exog_list=self.exogenous,
            loss=MSE(),
            scaler_type="identity",
            max_steps=n_epochs * self.case.n_batches,
            batch_size=1,
            windows_batch_size=self.case.batch,
            inference_windows_batch_size=PREDICTION_BATCH,
            optimizer=torch.optim.AdamW,
            optimizer_kwargs={"weight_decay": 0},
            learning_rate=LEARNING_RATE,
            random_seed=0,
            **trainer,
        )
        self.model.fit(self.dataset)
        return clock.ends

    def predict(self) -> Floats:
        self.model.set_test_size(self.case.n_windows)
        return self.model.predict(self.dataset)[:, 0]
