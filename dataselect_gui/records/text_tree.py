"""The text files below a folder: which there are, what is unusable, and how one is read."""

import io
import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import regular_file
from dataselect_gui.plain import is_text
from dataselect_gui.records.image_tree import MAX_DEPTH, entries_of, is_named_as_image, leads_somewhere
from dataselect_gui.records.source import Problem, UnreadableRecordError
from dataselect_gui.records.tables.encoding import encoding_of
from dataselect_gui.texts import _

ENDING = ".txt"
MAX_TEXT = 1 << 20
"""Bytes of a text in UTF-8."""
_MAX_FILE = 4 * MAX_TEXT + 4
"""Bytes of a file: four for each character, and a mark."""


def holds_texts(root: Path) -> bool:
    """Say whether a folder holds text files and no image, anywhere below it."""
    has_text = False
    for entry in _entries(root):
        if is_named_as_image(entry.name):
            return False
        has_text = has_text or is_named_as_text(entry.name)
    return has_text


def find_texts(root: Path) -> tuple[dict[str, Path], list[Problem], int]:
    """Find the text files below a folder: id → file, what is unusable, how many were ignored."""
    texts: dict[str, Path] = {}
    problems: list[Problem] = []
    ignored = 0
    for entry in _entries(root):
        record = unicodedata.normalize("NFC", Path(entry.path).relative_to(root).as_posix())
        leads = leads_somewhere(entry)
        is_folder = leads and entry.is_dir()
        if not is_folder and not is_named_as_text(entry.name):
            ignored += 1
            continue
        if not is_text(record):
            reason = _("The file's name is not valid text (UTF-8).")
        elif is_folder and entry.is_symlink():
            reason = _(
                "A link to a folder; what lies there is not read. Copy the folder here, or choose it "
                "as a source of its own."
            )
        elif is_folder:
            reason = _("A folder within {depth} folders; what lies in it is not read.", depth=MAX_DEPTH)
        elif not leads:
            reason = _("A link to a file that is not there.")
        elif not entry.is_file():
            reason = _("Not a regular file.")
        elif record in texts:
            reason = _("Another file has the same name in another Unicode form.")
        else:
            texts[record] = Path(entry.path)
            continue
        problems.append(Problem(record.encode("utf-8", "replace").decode("utf-8"), reason))
    return texts, problems, ignored


def read_text(path: Path) -> tuple[bytes, bool]:
    """Return a file's text in UTF-8, and whether that is what the file is in.

    Raises
    ------
    UnreadableRecordError
        Where it cannot be read, or is no text.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableRecordError(_("Not a regular file."))
        with path.open("rb") as file:
            stored = file.read(_MAX_FILE + 1)
    except FileNotFoundError:
        raise UnreadableRecordError(_("The file is no longer there.")) from None
    except PermissionError:
        raise UnreadableRecordError(_("The file may not be read by you.")) from None
    except OSError:
        raise UnreadableRecordError(_("The file cannot be read.")) from None
    try:
        encoding, note = encoding_of(io.BytesIO(stored), path.name)
    except UnusableError as error:
        raise UnreadableRecordError(error.why) from None
    text = stored.decode(encoding).encode()
    if len(text) > MAX_TEXT:
        raise UnreadableRecordError(
            _("The text is longer than {mebibytes} MiB.", mebibytes=MAX_TEXT >> 20)
        )
    return text, note is None


def linked_texts(path: Path) -> list[Path]:
    """Return the files that links in a folder of texts stand for."""
    links = (Path(entry.path) for entry in _entries(path) if entry.is_symlink())
    files = (regular_file(link) for link in links if is_named_as_text(link.name))
    return [file for file in files if file is not None]


def is_named_as_text(name: str) -> bool:
    """Say whether a file has the ending of a text, and is not hidden."""
    return Path(name).suffix.lower() == ENDING and not name.startswith(".")


def _entries(root: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield every file below a folder, in order, and folders that are links or nested too deep."""
    levels = [entries_of(root)]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
        elif entry.is_symlink() or not entry.is_dir():  # A link may lead in a circle.
            yield entry
        elif not entry.name.startswith((".", "__MACOSX")):
            if len(levels) > MAX_DEPTH:
                yield entry
            else:
                levels.append(entries_of(Path(entry.path)))
