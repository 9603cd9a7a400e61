"""A translation into a language that nobody speaks: what goes through the catalogue shows it."""

from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "resources/locale/dataselect.pot"
LANGUAGE = "eo"
"""A real code, so that gettext looks for it; the words are English between brackets."""


def texts() -> Catalog:
    """Return the catalogue that is translated from."""
    with TEMPLATE.open("rb") as file:
        return read_po(file)


def write_brackets(folder: Path) -> None:
    """Write a catalogue below a folder in which every text stands in brackets: ⟦Stopped.⟧."""
    catalogue = Catalog(locale=LANGUAGE)
    for message in texts():
        if not message.id:
            continue
        if isinstance(message.id, tuple):
            catalogue.add(message.id, tuple(f"⟦{text}⟧" for text in message.id))
        else:
            catalogue.add(message.id, f"⟦{message.id}⟧")
    place = folder / LANGUAGE / "LC_MESSAGES" / "dataselect.mo"
    place.parent.mkdir(parents=True)
    with place.open("wb") as file:
        write_mo(file, catalogue)


def placeholders(text: str) -> list[str]:
    """Return the names of a text's placeholders; a number or nothing where one has no name."""
    return [field for _, field, _, _ in Formatter().parse(text) if field is not None]
