"""sklstm, set to the work that the others do."""

from typing import Any, ClassVar

from measure import PLAIN_NETWORK

from peers.cases import LEARNING_RATE, Case, Floats, make_windows
from peers.skorch_epochs import epoch_ends
from sklstm import LSTMRegressor

PACKAGES = ("sklstm", "torch")


class Peer:
    options: ClassVar[dict[str, Any]] = {
        **PLAIN_NETWORK,
        "standardize": False,
        "subtract_last": False,
        "learning_rate": LEARNING_RATE,
        "learning_rate_schedule": "constant",
        "gradient_clip": None,
    }

    def __init__(self, case: Case) -> None:
        self.case = case
        self.X, self.y = make_windows(case)

    def fit(self, n_epochs: int) -> list[float]:
        self.model = LSTMRegressor(
            (self.case.hidden,),
            batch_size=self.case.batch,
            max_epochs=n_epochs,
            device="cpu",
            random_state=0,
            **self.options,
        ).fit(self.X, self.y)
        return epoch_ends(self.model.history_)

    def predict(self) -> Floats:
        return self.model.predict(self.X)
