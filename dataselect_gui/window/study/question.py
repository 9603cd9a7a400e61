"""A question that the Try it page answers by a study: what is asked, planned, run and shown for it."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

from PySide6.QtWidgets import QWidget

from dataselect_gui.window.study.results import ResultsPanel
from dataselect_gui.window.widgets.wheel import SpinBox
from dataselect_gui.workflow import JobContext, StudySubject

C = TypeVar("C")
"""What is compared; what the form holds."""
C_co = TypeVar("C_co", covariant=True)


class Forecast(Protocol[C_co]):
    """The plan of a study: how many trainings are left, and about how many seconds they take."""

    @property
    def folder(self) -> Path:
        """Where the study is, or would be."""

    @property
    def choices(self) -> C_co:
        """What is compared."""

    @property
    def trainings(self) -> int:
        """How many there are."""

    @property
    def left(self) -> int:
        """How many of them are not done."""

    @property
    def seconds(self) -> float:
        """About how long the rest takes."""


class Found(Protocol[C_co]):
    """A study as it lies on disk."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    @property
    def choices(self) -> C_co:
        """What was planned last."""


class Question(ABC, Generic[C]):
    """One of the questions, with what is known of its study.

    Attributes
    ----------
    name : str
        What it is called where one is chosen.
    text, explanation : str
        The question, and how it is answered.
    form : QWidget
        Asks what is compared.
    first : QWidget
        The part of it that takes the focus.
    limit : SpinBox
        The part of it that says how many trainings there may be.
    subject : StudySubject or None
        Whose study the form is filled in for.
    folder : Path
        Where the study is, or would be.
    shown : Found or None
        The study that lies there.
    planned : Forecast or None
        Its plan.
    """

    name: ClassVar[str]
    text: ClassVar[str]
    explanation: ClassVar[str]

    def __init__(self, form: QWidget, first: QWidget, limit: SpinBox) -> None:
        self.form, self.first, self.limit = form, first, limit
        self.subject: StudySubject | None = None
        self.folder = Path()
        self.shown: Found[C] | None = None
        self.planned: Forecast[C] | None = None

    # Where it is

    @abstractmethod
    def place(self, subject: StudySubject, *, by_form: bool, anew: bool = False) -> Path:
        """Return the folder of the newest study, or of a new one.

        Parameters
        ----------
        subject : StudySubject
            What is studied.
        by_form : bool
            Whether it has to go with what the form holds, as far as folders do.
        anew : bool
            Whether to return a new folder although there is a study.
        """

    @property
    def kept_apart(self) -> object:
        """What the form holds that each has a study of its own, found by itself."""
        return None

    @abstractmethod
    def at(self, folder: Path) -> Found[C] | None:
        """Return the study that lies in a folder; None where none was begun.

        Raises
        ------
        UnusableError
            Where it is damaged.
        """

    # What is compared

    @abstractmethod
    def offer(self, subject: StudySubject, study: Found[C] | None) -> None:
        """Fill in the form: as the study was planned that is there, or as usual."""

    @abstractmethod
    def read(self, subject: StudySubject) -> C | str:
        """Return what is chosen; where it makes no sense, what is to be put right."""

    @abstractmethod
    def summary(self, choices: C) -> str:
        """Return what is compared, as a sentence."""

    @abstractmethod
    def count(self, subject: StudySubject, choices: C) -> tuple[int, int, list[tuple[str, int]]]:
        """Return the number of trainings, of those done, and what for how many of them are."""

    def replan(self, choices: C) -> Forecast[C] | None:
        """Return the plan for choices, where it follows from the one that is known."""
        return self.planned if self.planned is not None and self.planned.choices == choices else None

    # The work, in another thread

    @abstractmethod
    def plan(
        self, subject: StudySubject, choices: C, folder: Path, limit: int, context: JobContext
    ) -> Forecast[C]:
        """Plan it, and estimate its time."""

    @abstractmethod
    def run(
        self, subject: StudySubject, choices: C, folder: Path, limit: int, context: JobContext
    ) -> Found[C]:
        """Run it, or go on with it."""

    # What came of it

    @abstractmethod
    def is_finished(self, choices: C | None = None) -> bool:
        """Say whether the study that is shown is finished; of these choices, where some are given."""

    @abstractmethod
    def show(self, panel: ResultsPanel) -> None:
        """Show what came of it, once it is finished."""
