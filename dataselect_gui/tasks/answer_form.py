"""How a model's answers are read. NumPy is not loaded: a process reads it before it is confined."""

import msgspec

from dataselect_gui.tasks.names import TaskName

MOST_PLACES = 8
"""So many classes or numbers of a record are kept: of more classes, the surest."""


class AnswerForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the answers of a model are read.

    Attributes
    ----------
    task : str
        What the model predicts.
    names : list of str
        What its classes, or the numbers that it predicts, are called, by index; none where nothing
        names them.
    places : int
        How many classes or numbers of a record are kept.
    """

    task: TaskName = "single_label"
    names: list[str] = []
    places: int = 1
