"""The tasks of the accuracy benchmark, by name."""

from tasks import (
    classification,
    forecasting,
    held_out,
    noisy_labels,
    regression,
    several_features,
    toys,
)
from tasks.task import Data, Task, spoil

__all__ = ["HELD_OUT", "TASKS", "TOYS", "Data", "Task", "spoil"]

TASKS: dict[str, Task] = forecasting.TASKS | regression.TASKS | classification.TASKS
HELD_OUT: dict[str, Task] = held_out.TASKS | several_features.TASKS | noisy_labels.TASKS
TOYS: dict[str, Task] = toys.TASKS
