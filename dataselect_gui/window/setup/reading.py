"""How the records are read: which columns hold texts and labels, and how several labels are written."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.setup.fitting import Choices, choices_of, rule_of, what_is_missing
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.plain import Button, ComboBox, Label
from dataselect_gui.workflow import (
    CheckpointInspected,
    LabelRule,
    SourceInspected,
    SourceRef,
    Uncertain,
)

_MOST_COLUMNS, _MOST_OUTPUTS, _MOST_NAME = 500, 60, 60
"""Columns and outputs to choose from; characters of a name that are shown."""
_SEVERAL = "\0several"
"""Stands among the columns for a column of labels for each class; no column is called so."""
_UNCERTAIN: dict[Uncertain, str] = {
    "unknown": N_("unknown, like a blank"),
    "yes": N_("yes"),
    "no": N_("no"),
}
_CELLS = N_(
    "In each of these columns, 1 means yes and 0 means no. A blank means unknown, and adds nothing "
    "to a score."
)
_BETWEEN = N_(
    "Only if a cell holds several labels: what stands between them. Leave it empty for "
    "one label, or for a list in JSON."
)
_UNLABELLED = N_(
    "No record has a label yet. If a column holds the labels, choose it: most scores need them."
)
_PROPOSED = N_(
    "Labels are read from “{column}”, whose values are the model's classes. If they are not your "
    "labels, choose another column."
)
_UNUSED = N_("The columns that you chose are not used yet: press “Use these columns”.")
_TERMINAL = N_("There are more of them than fit here; in the terminal you can name all.")


class Reading(QFrame):
    """Asks for what the table's columns are; empty where there is nothing to ask.

    Attributes
    ----------
    text, label : ComboBox
        The columns of texts and of labels.
    outputs : list of ComboBox
        The column of labels of each of the model's classes, or numbers.
    uncertain : ComboBox
        What −1 in such a column stands for.
    separator : QLineEdit
        What stands between several labels of a cell.

    Signals
    -------
    chosen(SourceRef)
        The records are to be read in another way.
    touched()
        A column of labels was chosen, which is not used before the button is pressed.
    """

    chosen = Signal(object)
    touched = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._source: SourceRef | None = None
        self._checkpoint: CheckpointInspected | None = None
        self.text, self.label, self.uncertain = ComboBox(), ComboBox(), ComboBox()
        self.separator = QLineEdit()
        self.outputs: list[ComboBox] = []
        self.use = Button(_("Use these columns"))
        self._missing, self._proposal = paragraph(role="warning"), paragraph()
        self._takes_lists = self._is_touched = False
        self._cells = paragraph(_(_CELLS), role="dim")
        self._columns, self._more = QGridLayout(), paragraph(_(_TERMINAL), role="dim")
        self._build()
        self.text.activated.connect(self._on_text)
        self.label.activated.connect(self._on_label)
        self.uncertain.activated.connect(self._on_uncertain)
        self.separator.editingFinished.connect(self._on_separator)
        self.use.clicked.connect(self._on_use)
        self.forget()

    @property
    def unused(self) -> str:
        """What a person chose and did not use, as a sentence; empty for nothing."""
        return _(_UNUSED) if self._is_touched else ""

    def forget(self) -> None:
        """Ask for nothing."""
        self._source = self._checkpoint = None
        self._is_touched = False
        self.hide()

    def show_source(
        self,
        source: SourceRef,
        inspected: SourceInspected,
        checkpoint: CheckpointInspected | None,
        proposed: str | None = None,
    ) -> None:
        """Show how records are read, and what else could be said of that.

        Parameters
        ----------
        source : SourceRef
            The records.
        inspected : SourceInspected
            What was found there.
        checkpoint : CheckpointInspected or None
            Where one was given.
        proposed : str or None
            The column that labels are read from by its values; None where somebody named one.
        """
        self._source, self._checkpoint = source, checkpoint
        self._proposal.setText(
            "" if proposed is None else _(_PROPOSED, column=visible(proposed, _MOST_NAME))
        )
        self._proposal.setVisible(proposed is not None)
        self._is_touched = False
        choices, rule = choices_of(inspected, checkpoint), source.labels
        self._takes_lists = choices.has_lists
        missing = what_is_missing(source, inspected, checkpoint)
        if not missing and choices.labels and not inspected.labels:
            missing = _(_UNLABELLED)
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        _fill(self.text, choices.texts)
        self.text.choose(source.text_column)
        self._show_row(self.text, shown=bool(choices.texts))
        _fill(self.label, choices.labels)
        if choices.outputs:
            each = _("a column for each class…") if choices.has_lists else _("several columns…")
            self.label.add(each, _SEVERAL)
        of_classes = _("the column of classes") if inspected.labels else _("none")
        self.label.setPlaceholderText(visible(of_classes))
        usual = source.label_column or inspected.label_column
        self.label.choose(_SEVERAL if rule.columns else usual)
        self._show_row(self.label, shown=bool(choices.labels))
        has_lists = choices.has_lists and not rule.columns
        self.separator.setText(rule.separator or "")
        self._show_row(self.separator, shown=has_lists)
        self._show_outputs(choices, rule)
        self.setVisible(bool(missing or choices.texts or choices.labels or has_lists))

    # Within

    def _show_outputs(self, choices: Choices, rule: LabelRule) -> None:
        """Show a choice of a column for each of the model's outputs."""
        clear(self._columns)
        shown = choices.outputs[:_MOST_OUTPUTS]
        self.outputs = []
        by_class = {name: column for column, name in rule.classes}
        model = None
        for place, name in enumerate(shown):
            box = ComboBox()
            box.setAccessibleName(visible(_("The column of {name}", name=name)))
            if model is None:
                box.add(_("no column"))
                _add(box, choices.labels)
                model = box.model()
            else:
                box.setModel(model)  # Of many columns, one list for all.
            box.setMinimumContentsLength(10)
            box.activated.connect(self._on_touched)
            # What is called alike belongs together, until a person says something else.
            known = by_class.get(name, _known(name, place, rule, is_named=choices.are_named))
            proposed = known if rule.columns else _alike(name, choices.labels)
            box.setCurrentIndex(max(0, box.findData(proposed)) if proposed is not None else 0)
            line, side = divmod(place, 2)
            text = Label(visible(name, _MOST_NAME))
            self._columns.addWidget(text, line, 2 * side, Qt.AlignmentFlag.AlignVCenter)
            self._columns.addWidget(box, line, 2 * side + 1)
            self._columns.setColumnStretch(2 * side + 1, 1)
            self.outputs.append(box)
        self._more.setVisible(len(choices.outputs) > len(shown))
        for widget in (self._cells, self._uncertain_name, self.uncertain):
            widget.setVisible(choices.has_lists)
        self.uncertain.choose(rule.uncertain)
        self._several.setVisible(bool(choices.outputs) and bool(rule.columns))

    def _build(self) -> None:
        names = (_("Column of texts"), _("Column of labels"), _("Labels separated by"))
        for box, name in zip((self.text, self.label, self.separator), names, strict=True):
            box.setAccessibleName(visible(name))
        for box in (self.text, self.label, self.uncertain):
            box.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setMinimumWidth(200)
        self.text.setPlaceholderText(visible(_("Choose…")))
        self.separator.setFixedWidth(64)
        self.uncertain.setAccessibleName(visible(_("What −1 stands for")))
        for uncertain, text in _UNCERTAIN.items():
            self.uncertain.add(_(text), uncertain)
        self._form = QGridLayout()
        self._form.setHorizontalSpacing(theme.SPACE[3])
        self._form.setVerticalSpacing(theme.SPACE[1])
        self._form.setColumnStretch(1, 1)
        self._rows: dict[QWidget, list[QWidget]] = {}
        self._add_row(names[0], self.text)
        self._add_row(names[1], self.label)
        self._add_row(names[2], self.separator, paragraph(_(_BETWEEN), role="dim"))
        self._columns.setHorizontalSpacing(theme.SPACE[3])
        self._columns.setVerticalSpacing(theme.SPACE[0])
        self._several = QWidget()
        several = QVBoxLayout(self._several)
        several.setContentsMargins(0, theme.SPACE[1], 0, 0)
        several.setSpacing(theme.SPACE[1])
        several.addWidget(self._cells)
        several.addLayout(self._columns)
        several.addWidget(self._more)
        line = QHBoxLayout()
        line.setSpacing(theme.SPACE[2])
        line.addWidget(self.use)
        line.addStretch()
        self._uncertain_name = Label(_("−1 means"))
        self._uncertain_name.setProperty("role", "dim")
        line.addWidget(self._uncertain_name)
        line.addWidget(self.uncertain)
        several.addLayout(line)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(theme.SPACE[1])
        layout.addWidget(paragraph(_("How your records are read"), step=2, bold=True))
        layout.addWidget(self._missing)
        layout.addWidget(self._proposal)
        layout.addLayout(self._form)
        layout.addWidget(self._several)

    def _add_row(self, name: str, box: QWidget, hint: QWidget | None = None) -> None:
        line, label = len(self._rows), Label(name)
        label.setProperty("role", "dim")
        content = QHBoxLayout()
        content.setSpacing(theme.SPACE[2])
        content.addWidget(box)
        if hint is None:
            content.addStretch()
        else:
            content.addWidget(hint, 1)
        self._form.addWidget(label, line, 0, Qt.AlignmentFlag.AlignVCenter)
        self._form.addLayout(content, line, 1)
        self._rows[box] = [label, box, *([] if hint is None else [hint])]

    def _show_row(self, box: QWidget, *, shown: bool) -> None:
        for widget in self._rows[box]:
            widget.setVisible(shown)

    # Choices

    def _on_text(self) -> None:
        if self._source is not None:
            self.chosen.emit(replace(self._source, text_column=self.text.chosen()))

    def _on_label(self) -> None:
        chosen, source = self.label.chosen(), self._source
        if source is None or chosen is None:
            return
        self._several.setVisible(chosen == _SEVERAL)
        self._show_row(self.separator, shown=chosen != _SEVERAL and self._takes_lists)
        if chosen != _SEVERAL:
            rule = LabelRule(separator=source.labels.separator)
            self.chosen.emit(replace(source, label_column=chosen, labels=rule))
        elif not source.labels.columns:
            self._on_touched()

    def _on_touched(self) -> None:
        self._is_touched = True
        self.touched.emit()

    def _on_separator(self) -> None:
        if self._source is not None:
            rule = replace(self._source.labels, separator=self.separator.text() or None)
            if rule != self._source.labels:
                self.chosen.emit(replace(self._source, labels=rule))

    def _on_uncertain(self) -> None:
        if self._source is not None and self._source.labels.columns:
            self._on_use()

    def _on_use(self) -> None:
        source, checkpoint = self._source, self._checkpoint
        if source is None or checkpoint is None:
            return
        stands_for: Uncertain = next(
            (each for each in _UNCERTAIN if each == self.uncertain.chosen()), "unknown"
        )
        known = replace(source.labels, uncertain=stands_for)
        rule = rule_of([box.chosen() for box in self.outputs], checkpoint, known)
        self.chosen.emit(replace(source, label_column=None, labels=rule))


def _fill(box: ComboBox, columns: Sequence[str]) -> None:
    box.clear()
    _add(box, columns)


def _add(box: ComboBox, columns: Sequence[str]) -> None:
    for column in columns[:_MOST_COLUMNS]:
        box.add(visible(column, _MOST_NAME), column)


def _alike(name: str, columns: Sequence[str]) -> str | None:
    """Return the column that is called like an output; None where there is none."""
    wanted = name.strip().casefold()
    return next((column for column in columns if column.strip().casefold() == wanted), None)


def _known(name: str, place: int, rule: LabelRule, *, is_named: bool) -> str | None:
    """Return the column that a rule has for an output: that of its name, or the one in its place."""
    if is_named:
        is_another = name in dict(rule.classes)  # A person gave it to another class.
        return name if name in rule.columns and not is_another else None
    return rule.columns[place] if place < len(rule.columns) else None
