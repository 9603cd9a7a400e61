"""“What to compute”: the scores and the precision, chosen before the records are scored."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.plain import CheckBox, RadioButton
from dataselect_gui.workflow import LeaveOut, Preflight, ScoreChoice, duration

_ASKED = N_("The consortium asks for it.")
_KEPT = N_("Computed already.")
_NONE = N_("Choose at least one score to compute.")
_MISSING = N_("Which records look wrong is told by these scores, so choose them, too: {scores}.")


class ScoreChoices(QFrame):
    """Lists the scores, each with a box to tick, and the two precisions.

    Signals
    -------
    changed()
        Something else was chosen.
    estimated()
        The time became known.
    """

    changed = Signal()
    estimated = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.boxes: dict[str, CheckBox] = {}
        self.fold = Fold(_("What to compute"))
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(theme.SPACE[2])
        self._rows.setVerticalSpacing(theme.SPACE[0])
        self._rows.setColumnStretch(1, 1)
        self.usual, self.exact = RadioButton(_("Usual")), RadioButton()
        self._group = QButtonGroup(self)
        self._precision = paragraph(_("How exactly"), bold=True)
        for button in (self.usual, self.exact):
            self._group.addButton(button)
        self._group.buttonClicked.connect(self._on_change)
        self._choices: Sequence[ScoreChoice] = ()
        self._known: Sequence[str] = ()
        self._preflight: Preflight | None = None
        self._is_begun = False
        body = self.fold.body
        body.setSpacing(theme.SPACE[1])
        body.addLayout(self._rows)
        for part in (self._precision, self.usual, self.exact):
            body.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 16, 4)
        column.addWidget(self.fold)
        self.show_choices(())

    # What was chosen

    @property
    def names(self) -> list[str] | None:
        """The scores that are to be computed, those that are there included; None where not asked."""
        if not self.boxes:
            return None
        listed = [name for name, box in self.boxes.items() if box.isChecked()]
        return [*listed, *(name for name in self._known if name not in self.boxes)]

    @property
    def precision(self) -> str | None:
        """The precision; None where it is not asked, since there are scores in one of the two."""
        if not self.boxes or self._known:
            return None
        return "float64" if self.exact.isChecked() else "float32"

    @property
    def has_more(self) -> bool:
        """Whether a score is chosen that the open project lacks."""
        return bool(self._known) and bool(set(self.names or ()) - set(self._known))

    def unfinished(self, leave_out: LeaveOut | None) -> str:
        """Return what is missing, as a sentence; empty for nothing.

        Parameters
        ----------
        leave_out : str or None
            What was decided about leaving records out, which takes the scores that tell them.
        """
        names = self.names
        if names is None:
            return ""
        if not names:
            return _(_NONE)
        lacking = [each.label for each in self._choices if each.leaves_out and each.name not in names]
        if leave_out in {"wrong", "count"} and lacking:
            return _(_MISSING, scores=", ".join(lacking))
        return ""

    @property
    def cost(self) -> str:
        """What is computed and how long that takes, as a sentence; empty where nothing is asked."""
        names = [name for name in self.names or () if name not in self._known]
        if not names:
            return ""
        if self._preflight is None or self._known:
            return ngettext("Computes {count} score.", "Computes {count} scores.", len(names))
        seconds = self._preflight.seconds_for(
            names, "float64" if self.precision == "float64" else "float32"
        )
        return ngettext(
            "Computes {count} score: about {time}.",
            "Computes {count} scores: about {time}.",
            len(names),
            time=duration(max(1.0, seconds)),
        )

    # Showing

    def show_choices(self, choices: Sequence[ScoreChoice], known: Iterable[str] = ()) -> None:
        """Show the scores to choose from; of the same ones, what was chosen stays.

        Parameters
        ----------
        choices : sequence of ScoreChoice
            All scores; those that can be computed are preset.
        known : iterable of str
            The scores that the open project has, which stay: they alone are preset.
        """
        known = list(known)
        self._preflight = None
        if (list(choices), known) == (list(self._choices), list(self._known)) and self.boxes:
            self._show_state()
            return
        is_same = not (known or self._known) and bool(self.boxes)
        former = {name: box.isChecked() for name, box in self.boxes.items()} if is_same else {}
        if not is_same:
            self.usual.setChecked(True)
        self._choices, self._known, self._is_begun = choices, known, False
        clear(self._rows)
        self.boxes = {}
        possible = [each for each in choices if not each.obstacle or each.name in known]
        for choice in possible:
            self._add(choice, is_checked=former.get(choice.name, not known or choice.name in known))
        impossible = [choice for choice in choices if choice not in possible]
        if impossible:
            self._rows.addWidget(
                paragraph(_("Not possible here:"), bold=True), self._rows.rowCount(), 0, 1, 2
            )
        for choice in impossible:
            self._add_impossible(choice)
        for part in (self._precision, self.usual, self.exact):
            part.setVisible(not known)
        self.setVisible(bool(self.boxes))
        self._show_state()

    def show_preflight(self, preflight: Preflight) -> None:
        """Take what trying the checkpoint showed, by which the time is estimated."""
        self._preflight = preflight
        if preflight.result.float64_pace is None:
            self.usual.setChecked(True)
        self._show_state()
        self.estimated.emit()

    def fix(self) -> None:
        """Keep what is chosen now: a run began by it, to which scores can only be added."""
        self._is_begun = True
        for box in self.boxes.values():
            box.setDisabled(box.isChecked())
        self._show_state()

    # Within

    def _add(self, choice: ScoreChoice, *, is_checked: bool) -> None:
        box, is_known = CheckBox(choice.label), choice.name in self._known
        box.setChecked(is_checked)
        box.setEnabled(not is_known)
        notes = [_(_ASKED)] * choice.is_asked + [_(_KEPT)] * is_known
        sentence = " ".join([choice.sentence, *notes])
        box.setAccessibleDescription(visible(sentence))
        box.toggled.connect(self._on_change)
        self.boxes[choice.name] = box
        self._put(box, sentence)

    def _add_impossible(self, choice: ScoreChoice) -> None:
        box = CheckBox(choice.label)
        box.setEnabled(False)
        box.setAccessibleDescription(visible(choice.obstacle))
        self._put(box, choice.obstacle)

    def _on_change(self) -> None:
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        pace = None if self._preflight is None else self._preflight.result.float64_pace
        is_possible = self._preflight is None or pace is not None
        self.usual.setEnabled(not self._is_begun)
        self.exact.setEnabled(is_possible and not self._is_begun)
        if not is_possible:
            text = _("Exact (float64): not possible on this device")
        elif pace is None:
            text = _("Exact (float64), slower")
        else:
            text = _("Exact (float64), about {times:.1f} times slower", times=pace)
        self.usual.setText(_("Usual (float32)"))
        self.exact.setText(text)
        count = sum(box.isChecked() for box in self.boxes.values())
        title = ngettext(
            "What to compute: {count} score of {most}",
            "What to compute: {count} scores of {most}",
            count,
            most=len(self.boxes),
        )
        exactly = _("exact") if self.precision == "float64" else ""
        self.fold.button.setText(", ".join(filter(None, [title, exactly])))

    def _put(self, box: CheckBox, sentence: str) -> None:
        """Add a line: a box, and what is said of it."""
        line = self._rows.rowCount()
        box.setMinimumHeight(theme.TARGET)
        self._rows.addWidget(box, line, 0, Qt.AlignmentFlag.AlignTop)
        text = paragraph(sentence, role="dim")
        text.setContentsMargins(0, 3, 0, 3)
        self._rows.addWidget(text, line, 1)
