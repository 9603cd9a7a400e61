"""The plan of a study before anything is trained, its one button, and how far it is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.study.question import Forecast
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.plain import Button, Label
from dataselect_gui.window.widgets.progress import ProgressBar
from dataselect_gui.workflow import duration

START = N_("Start the study")
CONTINUE = N_("Continue the study")
ESTIMATING = N_("Working out how long it takes: a few steps are timed on this machine…")
WAITING = N_(
    "Something else is running. When it has ended, the program works out how long the study takes."
)
SHARED = N_("Some trainings serve several questions.")
MAY_STOP = N_("You may stop, close the window and go on tomorrow: no training is done twice.")
STOPPING = N_("It stops after the current training.")


class PlanPanel(QFrame):
    """What is compared, how many trainings that takes, for what, how long; then the study itself.

    Parameters
    ----------
    form : QWidget
        Where something else to compare is chosen.

    Attributes
    ----------
    is_ready : bool
        Whether the study may begin, or go on, now.

    Signals
    -------
    start_wanted(), stop_requested()
        The study is to begin or to go on, or to stop.
    """

    start_wanted = Signal()
    stop_requested = Signal()

    def __init__(self, form: QWidget) -> None:
        super().__init__()
        self.is_ready = False
        self._trainings = ""
        self.setProperty("role", "panel")
        self.summary = paragraph()
        self.total = paragraph(step=2, bold=True)
        self.start, self.stop = Button(), Button(_("Stop"))
        self.start.setProperty("role", "primary")
        self.progress = ProgressBar()
        self.progress.setAccessibleName(visible(_("Progress of the study")))
        self.status = paragraph(role="dim")
        self.limit = Note("warn")
        self._questions = QGridLayout()
        self._shared = paragraph(_(SHARED), role="dim")
        self._build(form)
        self.start.clicked.connect(self.start_wanted)
        self.stop.clicked.connect(self.stop_requested)

    def show_counts(self, count: int, done: int, by_question: list[tuple[str, int]]) -> None:
        """Show how many trainings it takes in all, how many are done, and what they are for."""
        self._trainings = (
            ngettext(
                "{count:,} training, {done:,} of them done",
                "{count:,} trainings, {done:,} of them done",
                count,
                done=done,
            )
            if done
            else ngettext("{count:,} training", "{count:,} trainings", count)
        )
        self.total.setText(self._trainings)
        clear(self._questions)
        for place, (question, number) in enumerate(by_question):
            label = Label(f"{number:,}")
            label.setFont(theme.font())
            trailing = Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignTop
            self._questions.addWidget(label, place, 0, trailing)
            self._questions.addWidget(paragraph(_(question)), place, 1)
        self._show_questions(visible=True)
        self._shared.setVisible(sum(number for _question, number in by_question) > count)

    def show_time(self, plan: Forecast[object]) -> None:
        """Show how long the rest of it takes."""
        message = (
            N_("{trainings}: about {time} in all")
            if plan.left == plan.trainings
            else N_("{trainings}: about {time} for the rest")
        )
        time = duration(plan.seconds)
        self.total.setText(_(message, trainings=self._trainings, time=time))

    def show_nothing(self, why: str) -> None:
        """Show that there is no plan, and why."""
        self.limit.hide()
        self._show_questions(visible=False)
        self.show_idle(_(START), ready=False, text=why)

    def show_idle(self, button: str, *, ready: bool, text: str = "") -> None:
        """Show that the study is not running.

        Parameters
        ----------
        button : str
            What its button says; empty where there is nothing to do.
        ready : bool
            Whether it can be pressed.
        text : str
            What there is to say.
        """
        self.is_ready = ready
        self.start.setText(button)
        self.start.setEnabled(ready)
        self.start.setVisible(bool(button))
        self.stop.hide()
        self.progress.hide()
        self._say(text)

    def show_limit(self, count: int, limit: int) -> None:
        """Say that the plan is beyond the limit, where it is."""
        self.limit.set_text(
            ngettext(
                "The study would take {count:,} training, and the limit is {limit:,}. Compare less, "
                "repeat it less often, or raise the limit.",
                "The study would take {count:,} trainings, and the limit is {limit:,}. Compare less, "
                "repeat it less often, or raise the limit.",
                count,
                limit=limit,
            )
        )
        self.limit.setVisible(count > limit)

    def show_running(self, text: str, share: float = 0) -> None:
        """Show what the study does, and the share that is done, from 0 to 1."""
        self.is_ready = False
        self.start.hide()
        self.limit.hide()
        self.stop.show()
        self.stop.setEnabled(True)
        self.progress.show()
        self.progress.show_share(share)
        self._say(f"{text} {_(MAY_STOP)}")

    def show_stopping(self) -> None:
        """Show that the study was asked to stop."""
        self.stop.setEnabled(False)
        self._say(_(STOPPING))

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _show_questions(self, *, visible: bool) -> None:
        self._shared.setVisible(visible)
        self.summary.setVisible(visible)
        self.total.setVisible(visible)
        if not visible:
            clear(self._questions)

    def _build(self, form: QWidget) -> None:
        self._questions.setHorizontalSpacing(theme.SPACE[2])
        self._questions.setVerticalSpacing(theme.SPACE[0])
        self._questions.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE[2])
        buttons.addWidget(self.start)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.progress, 1)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[1])
        column.addWidget(paragraph(_("What is compared"), step=2, bold=True))
        column.addWidget(self.summary)
        column.addWidget(form)
        column.addSpacing(theme.SPACE[1])
        column.addWidget(self.total)
        column.addWidget(self.limit)
        column.addLayout(buttons)
        column.addWidget(self.status)
        column.addLayout(self._questions)
        column.addWidget(self._shared)
