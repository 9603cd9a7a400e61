"""What a checkpoint answers for the records of a project, as columns on disk beside its scores.

They are the owner's own, like scores: no release reads them.
"""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.files import write_json
from dataselect_gui.project.mapping import mapped
from dataselect_gui.tasks.answer_form import AnswerForm
from dataselect_gui.tasks.answers import Answers, Standing

_FORM = "answers.json"


class AnswerColumns:
    """What a checkpoint answers for all records.

    Parameters
    ----------
    folder : Path
        Where the columns lie; it exists.
    form : AnswerForm
        How they are read; also an attribute.
    rows : int
        How many records there are.
    stale : ndarray of bool
        The records that got another label since the answers were compared with theirs, shape (n,).
    """

    def __init__(self, folder: Path, form: AnswerForm, rows: int, stale: NDArray[np.bool_]) -> None:
        self.form, self._stale = form, stale
        shape = rows, form.places
        self._classes = mapped(folder / "answers.classes.npy", np.int32, shape, -1)
        self._numbers = mapped(folder / "answers.numbers.npy", np.float32, shape, np.nan)
        not_yet = float(Standing.NOT_COMPUTED)
        self._standings = mapped(folder / "answers.standings.npy", np.uint8, (rows,), not_yet)

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which records were computed, or are known to have no answer, shape (n,)."""
        return np.asarray(self._standings != Standing.NOT_COMPUTED)

    def write(self, rows: NDArray[np.int64], answers: Answers) -> None:
        """Store answers; their standings follow once these are on disk."""
        self._classes[rows], self._numbers[rows] = answers.classes, answers.numbers
        self._classes.flush()
        self._numbers.flush()
        self._standings[rows] = answers.standings
        self._standings.flush()

    @property
    def kept(self) -> Answers:
        """All answers as they were compared with the labels that the records had then."""
        return Answers(np.array(self._classes), np.array(self._numbers), np.array(self._standings))

    def values(self, rows: NDArray[np.int64] | slice = slice(None)) -> Answers:
        """Return a copy of the answers of some records; of stale ones, as compared with no label."""
        standings = np.array(self._standings[rows])
        standings[self._stale[rows] & (standings > Standing.NOT_COMPARED)] = Standing.NOT_COMPARED
        return Answers(np.array(self._classes[rows]), np.array(self._numbers[rows]), standings)


def read_form(folder: Path) -> AnswerForm | None:
    """Return how the answers in a folder are read; None where there are none."""
    try:
        return msgspec.json.decode((folder / _FORM).read_bytes(), type=AnswerForm)
    except (FileNotFoundError, msgspec.MsgspecError):  # Damaged ones are computed anew.
        return None


def keep_form(folder: Path, form: AnswerForm) -> None:
    """Keep how the answers in a folder are read; it goes last, so that columns without it are none."""
    write_json(folder / _FORM, msgspec.to_builtins(form))
