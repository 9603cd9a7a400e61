"""The names of tasks, by which requests and files mean them. Imports nothing heavy."""

from typing import Literal, TypeAlias, get_args

TaskName: TypeAlias = Literal["single_label", "binary", "multi_label", "regression"]
NAMES: tuple[TaskName, ...] = get_args(TaskName)
