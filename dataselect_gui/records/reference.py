"""Which records are meant. Imports nothing heavy: a process reads it before it confines itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Uncertain: TypeAlias = Literal["unknown", "yes", "no"]
"""What −1 in the cell of a class stands for: not known, which adds nothing to a score; yes; no."""


@dataclass(frozen=True)
class LabelRule:
    """How the owner's labels are read as what the model predicts.

    Attributes
    ----------
    classes : tuple of (str, str)
        The owner's label → the model's class, where a person said which; an empty class for none.
    columns : tuple of str
        One column per class, each cell 0, 1, −1 or blank; empty where one column holds the labels.
    separator : str or None
        What stands between several labels in one cell; None where a cell holds one label or a list.
    uncertain : str
        What −1 in such a column stands for.
    """

    classes: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    separator: str | None = None
    uncertain: Uncertain = "unknown"


AS_THEY_ARE = LabelRule()
"""Labels as the source has them: what is not written down, since it goes without saying."""


@dataclass(frozen=True)
class SourceRef:
    """Which records are meant: where they are, and how their columns are to be read.

    Attributes
    ----------
    path : Path
        The folder or file.
    label_column, unit_column : str or None
        The columns of labels and units, where they are not the usual ones.
    split : str or None
        Which of the source's parts (train, test, …), where it has several.
    text_column : str or None
        The column whose text is the record; None where a record is something else.
    feature_columns : tuple of str
        The columns that the model takes, in its order; no other one is read into a record.
    labels : LabelRule
        How labels are read.
    pixel_range : tuple of float or None
        The values of black and of white in images of more than 8 bits, where the consortium's request
        states them.
    """

    path: Path
    label_column: str | None = None
    unit_column: str | None = None
    split: str | None = None
    text_column: str | None = None
    feature_columns: tuple[str, ...] = ()
    labels: LabelRule = AS_THEY_ARE
    pixel_range: tuple[float, float] | None = None
