"""The tasks that there are. To add a task, add its file, its name in `names`, and a line here."""

from dataselect_gui.tasks.binary import BINARY
from dataselect_gui.tasks.multi_label import MULTI_LABEL
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.tasks.regression import REGRESSION
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from dataselect_gui.tasks.task import Task

TASKS: dict[TaskName, Task] = {
    task.name: task for task in (SINGLE_LABEL, BINARY, MULTI_LABEL, REGRESSION)
}
