"""The owner's labels and the model's classes: a choice of a class for each label that fits none."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.plain import Button, ComboBox, Label
from dataselect_gui.workflow import LabelAccount, LabelRule, label_sentences

_MOST_ROWS, _MOST_NAME = 60, 60
"""Labels with a choice each; characters of a name that are shown."""
_NONE_FIT = N_(
    "None of your labels is one of the model's classes, so no record can be scored yet. Say which of "
    "the model's classes each of them is."
)
_SOME_FIT = N_(
    "Some of your labels are none of the model's classes. Their records have no score that needs a "
    "label, unless you say which class they are."
)
_NAMELESS = N_(
    "The checkpoint gives its classes numbers and no names. Say in the terminal which is which: "
    "dataselect score … --labels FILE."
)
_NAMES = N_(
    "Nearly every record has a label of its own, and none is one of the model's classes. That is what "
    "a column of names or numbers of records looks like: choose another column of labels."
)
_UNUSED = N_("The classes that you chose are not used yet: press “Use these classes”.")


class LabelTable(QFrame):
    """A choice of a class for each of the owner's labels that fits none; empty where all fit.

    Signals
    -------
    chosen(LabelRule)
        The owner said which class each of them is.
    touched()
        A class was chosen, which is not used before the button is pressed.
    """

    chosen = Signal(object)
    touched = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._rule = LabelRule()
        self.choices: dict[str, ComboBox] = {}
        self._is_touched = False
        self._hint = paragraph(role="warning")
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(theme.SPACE[3])
        self._rows.setVerticalSpacing(theme.SPACE[0])
        self._more = paragraph(role="dim")
        self.use = Button(_("Use these classes"))
        self.use.clicked.connect(self._on_use)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(theme.SPACE[1])
        layout.addWidget(paragraph(_("Your labels and the model's classes"), step=2, bold=True))
        layout.addWidget(self._hint)
        layout.addLayout(self._rows)
        layout.addWidget(self._more)
        line = QHBoxLayout()
        line.addWidget(self.use)
        line.addStretch()
        layout.addLayout(line)
        self.hide()

    @property
    def hint(self) -> str:
        """Why there is something to choose, as sentences; empty where that goes without saying."""
        return self._hint.text()

    @property
    def unused(self) -> str:
        """What a person chose and did not use, as a sentence; empty for nothing."""
        return _(_UNUSED) if self._is_touched else ""

    def show_account(self, account: LabelAccount | None, rule: LabelRule) -> None:
        """Show the labels that fit no class by themselves, with what was chosen for them.

        Parameters
        ----------
        account : LabelAccount or None
            What became of the labels; None for nothing to show.
        rule : LabelRule
            How they are read now.
        """
        clear(self._rows)
        self.choices, self._rule, self._is_touched = {}, rule, False
        # Columns of labels have their classes already: that is chosen with them.
        matches = [] if account is None or rule.columns else account.matches
        open_ones = [match for match in matches if match.how in {None, "table"}]
        self.setVisible(bool(open_ones))
        if account is None or not open_ones:
            return
        if account.is_refused and _are_names(account):
            self._hint.setText(_(_NAMES))
            self._hint.show()
            self.use.hide()
            self._more.hide()
            return
        left = bool(account.unmatched)
        text = _(_NONE_FIT) if account.is_refused else _(_SOME_FIT) if left else ""
        self._hint.setText(text if account.classes else f"{text} {_(_NAMELESS)}".strip())
        self._hint.setVisible(bool(self._hint.text()))
        self.use.setVisible(bool(account.classes))
        if len(open_ones) > _MOST_ROWS:  # Those that were not asked for yet come next.
            open_ones.sort(key=lambda match: match.how is not None)
        shown = open_ones[:_MOST_ROWS] if account.classes else []
        for place, match in enumerate(shown):
            self._add(place, match.label, match.records, account.classes, match.name)
        more = len(open_ones) - len(shown) if account.classes else 0
        self._more.setText(
            ngettext(
                "{count:,} more label: it is asked for when these are used.",
                "{count:,} more labels: they are asked for when these are used.",
                more,
            )
        )
        self._more.setVisible(bool(more))

    def _add(self, place: int, label: str, records: int, classes: list[str], name: str | None) -> None:
        shown = visible(label, _MOST_NAME)
        text = Label(ngettext("{label} ({count:,})", "{label} ({count:,})", records, label=shown))
        choice = ComboBox()
        choice.setAccessibleName(visible(_("The model's class for {label}", label=shown)))
        choice.add(_("none of these"))
        for other in classes:
            choice.add(visible(other, _MOST_NAME), other)
        choice.setCurrentIndex(0 if name is None else max(0, choice.findData(name)))
        choice.setMinimumContentsLength(10)
        choice.activated.connect(self._on_touched)
        line, side = divmod(place, 2)
        self._rows.addWidget(text, line, 2 * side, Qt.AlignmentFlag.AlignVCenter)
        self._rows.addWidget(choice, line, 2 * side + 1)
        self._rows.setColumnStretch(2 * side + 1, 1)
        self.choices[label] = choice

    def _on_touched(self) -> None:
        self._is_touched = True
        self.touched.emit()

    def _on_use(self) -> None:
        kept = {label: name for label, name in self._rule.classes if label not in self.choices}
        said = {label: choice.chosen() or "" for label, choice in self.choices.items()}
        rule = self._rule
        self.chosen.emit(
            LabelRule(tuple({**kept, **said}.items()), rule.columns, rule.separator, rule.uncertain)
        )


def _are_names(account: LabelAccount) -> bool:
    """Say whether labels look like names of records: very many, and hardly one of them twice."""
    labelled = account.records - account.unlabelled
    return len(account.unmatched) > max(_MOST_ROWS, labelled // 2)


def label_facts(account: LabelAccount) -> str:
    """Return what became of the labels, for the panel of the checkpoint."""
    return " ".join(label_sentences(account, by_table=False))
