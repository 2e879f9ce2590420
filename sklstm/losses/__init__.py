"""Losses in torch, one a file; each owns its output width and its link."""

from sklstm.losses.absolute_error import AbsoluteError
from sklstm.losses.base import ClassificationLoss, RegressionLoss
from sklstm.losses.ctc import CTC
from sklstm.losses.focal import Focal
from sklstm.losses.gaussian import Gaussian
from sklstm.losses.hinge import Hinge
from sklstm.losses.huber import Huber
from sklstm.losses.log_loss import LogLoss
from sklstm.losses.poisson import Poisson
from sklstm.losses.quantile import Quantile
from sklstm.losses.squared_error import SquaredError

REGRESSION_LOSSES: dict[str, type[RegressionLoss]] = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "quantile": Quantile,
    "gaussian": Gaussian,
    "poisson": Poisson,
}

Loss = RegressionLoss | ClassificationLoss | CTC

CLASSIFICATION_LOSSES: dict[str, type[ClassificationLoss]] = {
    "log_loss": LogLoss,
    "hinge": Hinge,
    "focal": Focal,
}

__all__ = [
    "CLASSIFICATION_LOSSES",
    "CTC",
    "REGRESSION_LOSSES",
    "AbsoluteError",
    "ClassificationLoss",
    "Focal",
    "Gaussian",
    "Hinge",
    "Huber",
    "LogLoss",
    "Loss",
    "Poisson",
    "Quantile",
    "RegressionLoss",
    "SquaredError",
]
