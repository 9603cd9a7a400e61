"""Setup, one page: what was found, what is wrong with it, whom to protect, and the score button."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.errors import DataSelectError
from dataselect_gui.window import theme
from dataselect_gui.workflow import Look, Progress

_EACH_RECORD = "each record"


class SetupPlace(QScrollArea):
    """What was found before scoring, and scoring itself.

    Signals
    -------
    score_wanted()
        The person wants the records scored.
    stop_wanted()
        The person wants scoring to stop.
    """

    score_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        page = QWidget()
        outer = QHBoxLayout(page)
        column = QWidget()
        column.setMaximumWidth(880)
        outer.addStretch()
        outer.addWidget(column, stretch=100)
        outer.addStretch()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        self.records = _Facts("Your records")
        self.checkpoint = _Facts("The consortium's checkpoint")
        self.unit = QComboBox()
        self.unit.setAccessibleName("Protect")
        protect = QFormLayout()
        protect.addRow("Protect:", self.unit)
        self.unit_hint = QLabel(
            "Where a person has several records, protect the person: choose the column that names them."
        )
        self.unit_hint.setProperty("role", "dim")
        self.unit_hint.setWordWrap(True)
        self.fault = ErrorPanel()
        self.score = QPushButton("Score")
        self.score.setProperty("role", "primary")
        self.score.clicked.connect(self.score_wanted)
        self.stop = QPushButton("Stop")
        self.stop.clicked.connect(self.stop_wanted)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.status = QLabel()
        self.status.setProperty("role", "dim")
        self.status.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        buttons.addWidget(self.score)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.progress, stretch=1)
        buttons.addStretch()
        layout.addWidget(self.fault)
        layout.addWidget(self.records)
        layout.addWidget(self.checkpoint)
        layout.addLayout(protect)
        layout.addWidget(self.unit_hint)
        layout.addLayout(buttons)
        layout.addWidget(self.status)
        layout.addStretch()
        self.setWidget(page)
        self.show_idle()

    @property
    def unit_column(self) -> str | None:
        """The column that names the person; None where each record is protected by itself."""
        return None if self.unit.currentIndex() <= 0 else str(self.unit.currentData())

    def show_records(self, path: Path | None, found: dict[str, Any] | None) -> None:
        """Show what inspection found at the source."""
        self.unit.clear()
        self.unit.addItem(_EACH_RECORD)
        for column in () if found is None else found["columns"]:
            self.unit.addItem(f"each {column}", column)
        several = self.unit.count() > 1
        self.unit.setEnabled(several)
        self.unit_hint.setVisible(several)
        if found is None or path is None:
            self.records.show_facts("Not chosen yet: drop a folder of images or an .npz file.", [], [])
            return
        facts = [
            ("Where", str(path)),
            ("Records", f"{found['readable']:,} readable of {found['records']:,}"),
            ("Labels", ", ".join(found["labels"]) or "none"),
            ("Passed over", f"{found['ignored']:,} other files"),
        ]
        problems = [f"{one['id']}: {one['reason']}" for one in found["problems"]]
        self.records.show_facts("", facts, problems)

    def show_checkpoint(self, path: Path | None, found: dict[str, Any] | None) -> None:
        """Show what inspection found at the checkpoint."""
        if found is None or path is None:
            self.checkpoint.show_facts(
                "Not chosen yet: drop the consortium's folder or .pt2 file.", [], []
            )
            return
        preflight = found["preflight"]
        steps = [str(step) for step in found["series"] if step is not None]
        facts = [
            ("Where", str(path)),
            ("Model", preflight["architecture"] or "a .pt2 graph"),
            ("Series", f"steps {', '.join(steps)}" if steps else "one checkpoint"),
            ("Classes", ", ".join(found["labels"]) or "not named"),
            ("Scores", ", ".join(preflight["scores"])),
            ("Request", ", ".join(f"{k} {v}" for k, v in found["request"].items()) or "none"),
        ]
        unknown = [
            f"The request asks for something unknown here: {key}" for key in found["unknown_in_request"]
        ]
        self.checkpoint.show_facts("", facts, unknown)

    def show_project(self, look: Look) -> None:
        """Show what an open project was made from."""
        self.unit.clear()
        self.unit.addItem(_EACH_RECORD)
        if look.unit_column is not None:
            self.unit.addItem(f"each {look.unit_column}", look.unit_column)
            self.unit.setCurrentIndex(1)
        self.unit.setEnabled(False)
        self.unit_hint.hide()
        labels = sorted({label for label in look.labels if label is not None})
        facts = [
            ("Where", str(look.source)),
            ("Records", f"{len(look.ids):,}"),
            ("Labels", ", ".join(labels) or "none"),
            ("Scores", ", ".join(look.scores) or "none yet"),
        ]
        problems = [f"{record}: {reason}" for record, reason in sorted(look.problems.items())]
        self.records.show_facts("", facts, problems)
        request = ", ".join(f"{key} {value}" for key, value in look.request.stated.items())
        asked = [("Where", str(look.checkpoint)), ("Request", request or "none")]
        self.checkpoint.show_facts("", asked, [])
        self.show_idle(ready=True, text="Scoring again computes what is missing or has changed.")

    def show_demo(self) -> None:
        """Say what the demo is made of, while it is scored."""
        self.unit.clear()
        self.unit.addItem(_EACH_RECORD)
        self.unit.setEnabled(False)
        self.unit_hint.hide()
        self.records.show_facts("2,000 images of clothes that come with the program.", [], [])
        self.checkpoint.show_facts("Five states of a small model, trained on other images.", [], [])

    def show_idle(self, *, ready: bool = False, text: str = "") -> None:
        """Show that nothing is running."""
        self.score.setEnabled(ready)
        self.stop.hide()
        self.progress.hide()
        self.status.setText(text)

    def show_running(self, step: Progress) -> None:
        """Show how far scoring is."""
        self.score.setEnabled(False)
        self.stop.show()
        self.progress.show()
        self.progress.setValue(1000 * step.done // max(1, step.total))
        left = f", about {step.time_left}" if step.time_left else ""
        counts = f" {step.done:,} of {step.total:,}" if step.total > 1 else ""
        self.progress.setFormat(f"{step.phase}{counts}")
        self.status.setText(f"{step.phase}{counts}{left}. You may stop and go on tomorrow.")


class ErrorPanel(QFrame):
    """What happened, why, and what to do; hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "stop")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        self.what, self.why, self.do = QLabel(), QLabel(), QLabel()
        self.what.setFont(theme.font(bold=True))
        for label in (self.what, self.why, self.do):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            layout.addWidget(label)
        self.hide()

    def show_error(self, error: DataSelectError | None) -> None:
        """Show an error; None to hide the panel."""
        if error is not None:
            self.what.setText(error.what)
            self.why.setText(error.why)
            self.do.setText(error.do)
        self.setVisible(error is not None)


class _Facts(QFrame):
    """A heading with facts, and problems in a list that can be copied."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 12, 16, 12)
        heading = QLabel(title)
        heading.setFont(theme.font(2, bold=True))
        self.text = QLabel()
        self.text.setProperty("role", "dim")
        self.text.setWordWrap(True)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(16)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.problems = QPlainTextEdit()
        self.problems.setReadOnly(True)
        self.problems.setMaximumHeight(120)
        self.problems.setAccessibleName(f"Problems: {title}")
        self._problem_count = QLabel()
        self._problem_count.setProperty("role", "warning")
        for widget in (heading, self.text):
            self._layout.addWidget(widget)
        self._layout.addLayout(self._form)
        self._layout.addWidget(self._problem_count)
        self._layout.addWidget(self.problems)
        self.show_facts("", [], [])

    def show_facts(self, text: str, facts: list[tuple[str, str]], problems: list[str]) -> None:
        """Show a sentence, facts and problems."""
        self.text.setText(text)
        self.text.setVisible(bool(text))
        while self._form.rowCount():
            self._form.removeRow(0)
        for name, value in facts:
            label = QLabel(name)
            label.setProperty("role", "dim")
            shown = QLabel(value)
            shown.setWordWrap(True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._form.addRow(label, shown)
        noun = "problem" if len(problems) == 1 else "problems"
        self._problem_count.setText(f"{len(problems):,} {noun}")
        self._problem_count.setVisible(bool(problems))
        self.problems.setPlainText("\n".join(problems))
        self.problems.setVisible(bool(problems))
