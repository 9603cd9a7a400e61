"""The owner's labels and the model's classes: the class of each label, which the owner may change."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.plain import Button, ComboBox, Label
from dataselect_gui.workflow import LabelAccount, LabelMatch, LabelRule, label_sentences

_MOST_ROWS, _MOST_NAME = 60, 60
"""Labels with a choice each; characters of a name that are shown."""
_WIDEST = 360
_MOST_UNFILTERED = 20
"""More labels than that can be searched."""
_NONE_FIT = N_(
    "The model does not know any of your labels, so no record can be scored yet. Choose the "
    "model's class for each label."
)
_SOME_FIT = N_(
    "The model does not know some of your labels. Choose its class for each of them; their records "
    "otherwise get no score that needs a label."
)
_NAMELESS = N_(
    "The checkpoint numbers its classes and does not name them. Say in the terminal which is "
    "which: dataselect score … --labels FILE."
)
_NAMES = N_(
    "Nearly every record has a different label, and the model knows none of them. This column "
    "seems to name or number the records. Choose another column of labels."
)
_UNUSED = N_("The classes that you chose are not used yet: press “Use these classes”.")


class LabelTable(QFrame):
    """The owner's labels, the model's class of each, and how many records have it.

    Those that fit no class are asked for. Where all fit, the table is folded away.

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
        self._matches: list[LabelMatch] = []
        self._said: dict[str, str] = {}  # Label → the class that was chosen and is not used yet.
        self._classes = QStandardItemModel(self)  # All choices are among the same.
        self.choices: dict[str, ComboBox] = {}
        self._is_touched = False
        self._hint, self._fitting = paragraph(role="warning"), paragraph()
        self.filter = QLineEdit()
        self.filter.setClearButtonEnabled(True)
        self.filter.setPlaceholderText(visible(_("Find a label or a class")))
        self.filter.setAccessibleName(visible(_("Find a label or a class")))
        self.filter.textChanged.connect(self._on_filter)
        self.open = Button(_("Look at them, or change one…"))
        self.open.setProperty("role", "link")
        self.open.clicked.connect(self._on_open)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(theme.SPACE[3])
        self._rows.setVerticalSpacing(theme.SPACE[0])
        self._rows.setColumnStretch(1, 3)
        self._rows.setColumnStretch(3, 2)
        self._more = paragraph(role="dim")
        self.use = Button(_("Use these classes"))
        self.use.clicked.connect(self._on_use)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(theme.SPACE[1])
        layout.addWidget(paragraph(_("Your labels and the model's classes"), step=2, bold=True))
        for part in (self._hint, self._fitting):
            layout.addWidget(part)
        layout.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeading)
        layout.addWidget(self.filter)
        layout.addLayout(self._rows)
        layout.addWidget(self._more)
        layout.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeading)
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
        """Show the labels with the class of each; those that fit none by themselves come first.

        Parameters
        ----------
        account : LabelAccount or None
            What became of the labels; None for nothing to show.
        rule : LabelRule
            How they are read now.
        """
        # Columns of labels have their classes already: that is chosen with them.
        matches = [] if account is None or rule.columns else account.matches
        open_ones = [match for match in matches if _is_open(match)]
        if len(open_ones) > _MOST_ROWS:  # Those that were not asked for yet come next.
            open_ones.sort(key=lambda match: match.how is not None)
        self._matches = open_ones + [match for match in matches if not _is_open(match)]
        self._rule, self._is_touched, self._said = rule, False, {}
        self._empty(self.filter)
        self.setVisible(bool(matches))
        if account is None or not matches:
            self._show_rows(shown=False)
            return
        if account.is_refused and _are_names(account):
            self._hint.setText(_(_NAMES))
            self._hint.show()
            self._fitting.hide()
            self._show_rows(shown=False)
            return
        left = bool(account.unmatched)
        text = _(_NONE_FIT) if account.is_refused else _(_SOME_FIT) if left else ""
        if open_ones and not account.classes:
            text = f"{text} {_(_NAMELESS)}".strip()
        self._hint.setText(text)
        self._hint.setVisible(bool(text))
        fit = len(matches) - len(open_ones)
        self._fitting.setText(
            ngettext(
                "{count:,} of your labels matches a class of the model.",
                "{count:,} of your labels match classes of the model.",
                fit,
            )
        )
        self._fitting.setVisible(bool(fit))
        self._classes.clear()
        for name, data in ((_("none of these"), None), *((name, name) for name in account.classes)):
            item = QStandardItem(visible(name, _MOST_NAME))
            item.setData(data, Qt.ItemDataRole.UserRole)
            self._classes.appendRow(item)
        self._show_rows(shown=bool(open_ones and account.classes))
        self.open.setVisible(bool(account.classes) and not open_ones)

    # Within

    def _show_rows(self, *, shown: bool) -> None:
        """Show the rows that the filter leaves, or none of them."""
        clear(self._rows)
        self.choices = {}
        self.use.setVisible(shown)
        self.open.hide()
        self.filter.setVisible(shown and len(self._matches) > _MOST_UNFILTERED)
        sought = self.filter.text().strip().casefold()
        matches = [] if not shown else [each for each in self._matches if _has(each, sought)]
        if matches:
            for column, head in enumerate((_("Yours"), _("The model's"), _("Records"), "")):
                label = Label(head)
                label.setProperty("role", "dim")
                self._rows.addWidget(label, 0, column)
        for place, match in enumerate(matches[:_MOST_ROWS], start=1):
            self._add(place, match)
        more = max(0, len(matches) - _MOST_ROWS)
        self._more.setText(
            ngettext(
                "{count:,} more label: find it by its name, or use these first.",
                "{count:,} more labels: find them by name, or use these first.",
                more,
            )
        )
        self._more.setVisible(bool(more))

    def _add(self, place: int, match: LabelMatch) -> None:
        shown = visible(match.label, _MOST_NAME)
        choice = ComboBox()
        choice.setModel(self._classes)
        choice.setAccessibleName(visible(_("The model's class for {label}", label=shown)))
        name = self._said.get(match.label, match.name or "")
        choice.setCurrentIndex(0 if not name else max(0, choice.findData(name)))
        choice.setMinimumContentsLength(10)
        choice.setMaximumWidth(_WIDEST)
        choice.activated.connect(self._on_touched)
        by_itself = "" if _is_open(match) else _("matches")
        leading = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        self._rows.addWidget(Label(shown), place, 0, leading)
        self._rows.addWidget(choice, place, 1)
        number = Label(f"{match.records:,}")
        self._rows.addWidget(
            number, place, 2, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter
        )
        note = Label(by_itself)
        note.setProperty("role", "dim")
        self._rows.addWidget(note, place, 3, leading)
        self.choices[match.label] = choice

    def _keep(self) -> None:
        """Keep what was chosen in the rows that are shown, before others are."""
        for match in self._matches:
            if match.label in self.choices:
                name = self.choices[match.label].chosen() or ""
                self._said.pop(match.label, None)
                if name != (match.name or ""):
                    self._said[match.label] = name

    def _on_filter(self) -> None:
        self._keep()
        self._show_rows(shown=True)

    def _on_open(self) -> None:
        self._show_rows(shown=True)
        first = next(iter(self.choices.values()), None)
        if first is not None:  # What was pressed is gone.
            first.setFocus()

    def _on_touched(self) -> None:
        self._keep()
        self._is_touched = bool(self._said)
        self.touched.emit()

    def _on_use(self) -> None:
        """Say of what was chosen, and of each label that was asked for, which class it is."""
        self._keep()
        asked = {
            match.label: match.name or ""
            for match in self._matches
            if match.label in self.choices and _is_open(match)
        }
        rule = self._rule
        said = {**dict(rule.classes), **asked, **self._said}
        self.chosen.emit(LabelRule(tuple(said.items()), rule.columns, rule.separator, rule.uncertain))

    @staticmethod
    def _empty(field: QLineEdit) -> None:
        field.blockSignals(True)
        field.clear()
        field.blockSignals(False)


def _is_open(match: LabelMatch) -> bool:
    """Say whether a label fits no class by itself."""
    return match.how in {None, "table"}


def _has(match: LabelMatch, sought: str) -> bool:
    """Say whether a label, or its class, has a part; an empty one is in all."""
    return sought in match.label.casefold() or sought in (match.name or "").casefold()


def _are_names(account: LabelAccount) -> bool:
    """Say whether labels look like names of records: very many, and hardly one of them twice."""
    labelled = account.records - account.unlabelled
    return len(account.unmatched) > max(_MOST_ROWS, labelled // 2)


def label_facts(account: LabelAccount) -> str:
    """Return what became of the labels, for the panel of the checkpoint."""
    return " ".join(label_sentences(account, by_table=False))
