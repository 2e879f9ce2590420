"""Darts' `BlockRNNModel`: the first feature as target, the others as past covariates.

Darts cuts the windows out of the series itself, and Lightning trains. The model is the same
network: an LSTM layer, and a linear layer on its last state. Forecasts are those of
`historical_forecasts` without retraining, which Darts makes in batches.
"""

import torch
from darts import TimeSeries
from darts.models import BlockRNNModel

from peers.cases import LEARNING_RATE, PREDICTION_BATCH, Case, Floats, make_series
from peers.lightning_epochs import QUIET, EpochEnds

PACKAGES = ("darts", "pytorch_lightning", "torch")


class Peer:
    def __init__(self, case: Case) -> None:
        self.case = case
        series = make_series(case)
        self.y = series[case.timesteps :, 0]
        self.target = TimeSeries.from_values(series[:, :1])
        self.covariates = TimeSeries.from_values(series[:, 1:])

    def fit(self, n_epochs: int) -> list[float]:
        clock = EpochEnds(self.case.n_batches)
        self.model = BlockRNNModel(
            model="LSTM",
            input_chunk_length=self.case.timesteps,
            output_chunk_length=1,
            hidden_dim=self.case.hidden,
            n_rnn_layers=1,
            batch_size=self.case.batch,
            n_epochs=n_epochs,
            optimizer_cls=torch.optim.AdamW,
            optimizer_kwargs={"lr": LEARNING_RATE, "weight_decay": 0},
            pl_trainer_kwargs={**QUIET, "callbacks": [clock]},
            random_state=0,
        ).fit(self.target, past_covariates=self.covariates)
        return clock.ends

    def predict(self) -> Floats:
        forecasts = self.model.historical_forecasts(
            self.target,
            past_covariates=self.covariates,
            forecast_horizon=1,
            retrain=False,
            predict_kwargs={"batch_size": PREDICTION_BATCH},
        )
        return forecasts.values()[:, 0]
