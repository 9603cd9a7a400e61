"""The kinds of record that there are: the one place where they are listed.

A new kind is a module in this folder and a line here.
"""

from pathlib import Path

from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.kinds.arrays import ARRAYS
from dataselect_gui.records.kinds.image_tables import IMAGE_TABLES
from dataselect_gui.records.kinds.images import IMAGES
from dataselect_gui.records.kinds.kind import RecordKind
from dataselect_gui.records.kinds.rows import ROWS
from dataselect_gui.records.kinds.texts import TEXTS
from dataselect_gui.records.reference import SourceRef
from dataselect_gui.texts import _

KINDS: tuple[RecordKind, ...] = (IMAGE_TABLES, TEXTS, IMAGES, ARRAYS, ROWS)
"""In the order of precedence: a path is read as the first that opens it."""
_COMMON: tuple[RecordKind, ...] = (IMAGES, ROWS, TEXTS, ARRAYS)
"""Those that a person is told of first."""
FORMS: tuple[WrittenForm, ...] = tuple(dict.fromkeys(form for kind in KINDS for form in kind.forms))
"""The forms in which records leave."""


def kind_named(name: str) -> RecordKind:
    """Return the kind of a name.

    Raises
    ------
    ValueError
        Where there is none.
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise ValueError(f"no kind of record is called {name!r}")


def kind_of(where: SourceRef) -> RecordKind | None:
    """Return what a source is read as; None where it is no source of records, or is not there."""
    return next((kind for kind in KINDS if kind.opens(where)), None)


def form_in(bundle: Path) -> WrittenForm | None:
    """Return the form of the records in a bundle; None where there is none that is known."""
    return next((form for form in FORMS if (bundle / form.listing).is_file()), None)


def what_opens(*, in_full: bool = False) -> str:
    """Return what records are read from, as in “Records are read from …”, translated.

    Parameters
    ----------
    in_full : bool
        Whether with all that a person may have to know.
    """
    ordered = [*_COMMON, *(kind for kind in KINDS if kind not in _COMMON)]
    *others, last = [_(kind.advice if in_full else kind.nouns) for kind in ordered]
    return _("{others}, or {last}", others=", ".join(others), last=last) if others else last


def file_endings() -> frozenset[str]:
    """Return the endings of the files that are sources."""
    return frozenset().union(*(kind.endings for kind in KINDS))
