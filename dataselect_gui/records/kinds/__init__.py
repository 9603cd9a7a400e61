"""The kinds of record that there are: the one place where they are listed.

A new kind is a module in this folder and a line here.
"""

from pathlib import Path

from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.kinds.arrays import Arrays
from dataselect_gui.records.kinds.images import Images
from dataselect_gui.records.kinds.kind import RecordKind

KINDS: tuple[RecordKind, ...] = (Images(), Arrays())
"""In the order of precedence: a path is read as the first that opens it."""
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


def kind_of(path: Path) -> RecordKind | None:
    """Return what a path is read as; None where it is no source of records, or is not there."""
    return next((kind for kind in KINDS if kind.opens(path)), None)


def form_in(bundle: Path) -> WrittenForm | None:
    """Return the form of the records in a bundle; None where there is none that is known."""
    return next((form for form in FORMS if (bundle / form.listing).is_file()), None)


def what_opens() -> str:
    """Return what records are read from, as in “Records are read from …”."""
    return either([kind.nouns for kind in KINDS])


def either(nouns: list[str]) -> str:
    """Return an enumeration: “a”, “a, or b”, “a, b, or c”."""
    return ", or ".join([", ".join(nouns[:-1]), nouns[-1]] if len(nouns) > 1 else nouns)
