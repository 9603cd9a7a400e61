"""Which task a checkpoint is for: by the consortium's request, its config.json, or its one output."""

from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UnusableError
from dataselect_gui.tasks.binary import BINARY
from dataselect_gui.tasks.multi_label import MULTI_LABEL
from dataselect_gui.tasks.registry import TASKS
from dataselect_gui.tasks.regression import REGRESSION
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from dataselect_gui.tasks.task import Task
from dataselect_gui.texts import _

_BY_PROBLEM_TYPE: dict[str, Task] = {
    "single_label_classification": SINGLE_LABEL,
    "multi_label_classification": MULTI_LABEL,
    "regression": REGRESSION,
}


def find_task(config: JsonObject, names: int, request: Request, *, is_hugging_face: bool) -> Task:
    """Return the task of a checkpoint.

    What the request states counts, then `problem_type`. A model of the transformers library that has
    one output and states neither is one of regression, as that library has it.

    Parameters
    ----------
    config : dict
        Its ``config.json``.
    names : int
        How many classes it names.
    request : Request
        The consortium's.
    is_hugging_face : bool
        Whether it is a model of the transformers library.

    Raises
    ------
    UnusableError
        Where the two contradict each other, or there is no such task.
    """
    problem_type = config.get("problem_type")
    by_config = None if problem_type is None else _BY_PROBLEM_TYPE.get(str(problem_type))
    if problem_type is not None and by_config is None:
        raise UnusableError(
            _("The checkpoint's config.json cannot be used."),
            _("Its problem_type is none of {known}.", known=", ".join(_BY_PROBLEM_TYPE)),
            _("Ask the consortium for the file as save_pretrained writes it."),
        )
    if request.task is not None:
        task = TASKS[request.task]
        # One sigmoid is a case of both: libraries have no problem_type of its own for it.
        if by_config in {None, task} or (task is BINARY and by_config is not REGRESSION):
            return task
        raise UnusableError(
            _("The consortium's files contradict each other."),
            _(
                "dataselect.json states the task {task}; config.json states the problem_type {stated}.",
                task=task.name,
                stated=problem_type,
            ),
            _("Ask the consortium which of the two is meant."),
        )
    if by_config is not None:
        return by_config
    outputs = names or config.get("num_labels")
    return REGRESSION if is_hugging_face and outputs == 1 else SINGLE_LABEL


def states_regression(config: JsonObject, request: Request) -> bool:
    """Say whether the consortium's files state that the model predicts numbers."""
    by_config = _BY_PROBLEM_TYPE.get(str(config.get("problem_type")))
    return REGRESSION in {by_config, None if request.task is None else TASKS[request.task]}


def check_outputs(task: Task, outputs: int, names: int) -> None:
    """Refuse a model whose outputs are not what its task and its classes' names say.

    Parameters
    ----------
    task : Task
        What it is for.
    outputs : int
        Numbers that it returns for a record.
    names : int
        How many classes it names; 0 where it names none.

    Raises
    ------
    UnusableError
        Where that is so.
    """
    if task.takes_outputs(outputs, names):
        return
    if task is SINGLE_LABEL and outputs == 1:
        raise UnusableError(
            _("The checkpoint cannot be used for scoring."),
            _(
                "The model returns one number for a record, and nothing says whether that tells two "
                "classes apart or is a prediction itself."
            ),
            _('Ask the consortium to state "task": "binary" or "regression" in dataselect.json.'),
        )
    if task is BINARY and outputs != 1:
        raise UnusableError(
            _("The checkpoint cannot be used for scoring."),
            _(
                "Its task is binary, and the model returns {outputs} numbers for a record.",
                outputs=outputs,
            ),
            _("Ask the consortium which task is meant."),
        )
    raise UnusableError(
        _("The checkpoint's class names do not match its model."),
        _(
            "The model tells {classes} classes apart; its config.json names {named}.",
            classes=outputs,
            named=names,
        ),
        _("Ask the consortium for the config.json of this model."),
    )
