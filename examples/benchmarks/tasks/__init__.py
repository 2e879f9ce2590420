"""The tasks of the accuracy benchmark, by name."""

from tasks import classification, forecasting, regression, toys
from tasks.task import Data, Task, spoil

__all__ = ["TASKS", "TOYS", "Data", "Task", "spoil"]

TASKS: dict[str, Task] = forecasting.TASKS | regression.TASKS | classification.TASKS
TOYS: dict[str, Task] = toys.TASKS
