"""The image files below a folder: which there are, what is unusable, and how one is read."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import regular_file
from dataselect_gui.plain import is_text
from dataselect_gui.records.images import EXTENSIONS, MAX_FILE_BYTES, OTHER_EXTENSIONS
from dataselect_gui.records.metadata import is_named_as_metadata
from dataselect_gui.records.source import Problem, UnreadableRecordError
from dataselect_gui.texts import _

MAX_DEPTH = 100
"""Folders within folders."""


def find_images(root: Path) -> tuple[dict[str, str], list[Problem], int, list[Path]]:
    """Find the image files below a folder.

    Returns
    -------
    tuple
        Id → path of the file, as text; what is unusable; how many files were ignored; the metadata
        files among these.
    """
    images: dict[str, str] = {}
    problems: list[Problem] = []
    metadata: list[Path] = []
    ignored = 0
    start = f"{str(root).rstrip(os.sep)}{os.sep}"
    for entry in _entries(root):
        record = unicodedata.normalize("NFC", _relative(entry.path, root, start))
        if not is_named_as_image(entry.name) and entry.is_dir(follow_symlinks=False):
            reason = _("A folder within {depth} folders; what lies in it is not read.", depth=MAX_DEPTH)
            problems.append(Problem(record.encode("utf-8", "replace").decode("utf-8"), reason))
        elif entry.name.startswith("."):
            ignored += 1
        elif not is_named_as_image(entry.name):
            why = _why_passed_over(entry)
            if why is None:
                ignored += 1
                if is_named_as_metadata(entry.name):
                    metadata.append(Path(entry.path))
            else:
                problems.append(Problem(record.encode("utf-8", "replace").decode("utf-8"), why))
        elif not is_text(record):
            shown = record.encode("utf-8", "replace").decode("utf-8")
            problems.append(Problem(shown, _("The file's name is not valid text (UTF-8).")))
        elif entry.is_symlink() and not leads_somewhere(entry):
            problems.append(Problem(record, _("A link to a file that is not there.")))
        elif entry.is_dir():
            problems.append(Problem(record, _("A folder with the name of an image.")))
        elif not entry.is_file():
            problems.append(Problem(record, _("Not a regular file.")))
        elif record in images:
            problems.append(
                Problem(record, _("Another file has the same name in another Unicode form."))
            )
        else:
            images[record] = entry.path
    return images, problems, ignored, metadata


def _relative(path: str, root: Path, start: str) -> str:
    """Return a path relative to a folder; by its text, since paths take long to make of many files."""
    if path.startswith(start):
        return path[len(start) :].replace(os.sep, "/")
    return Path(path).relative_to(root).as_posix()


def _why_passed_over(entry: "os.DirEntry[str]") -> str | None:
    """Return why a file without the ending of an image is none; None where nobody takes it for one."""
    leads = leads_somewhere(entry)
    if entry.is_symlink() and leads and entry.is_dir():
        return _(
            "A link to a folder; what lies there is not read. Copy the folder here, or choose it as a "
            "source of its own."
        )
    if is_named_as_metadata(entry.name) and not (leads and entry.is_file()):
        return _("A table of the records by its name, and no file that can be read.")
    if Path(entry.name).suffix.lower() in OTHER_EXTENSIONS:
        return _(
            "An image by its ending, of a format that is not read here. Save it as PNG with 8 bits a "
            "channel."
        )
    return None


def _entries(root: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield every file below a folder, and folders that are named like an image or nested too deep."""
    levels = [entries_of(root)]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
        elif not entry.is_dir(follow_symlinks=False) or is_named_as_image(entry.name):
            yield entry
        elif not entry.name.startswith((".", "__MACOSX")):
            if len(levels) > MAX_DEPTH:
                yield entry
            else:
                levels.append(entries_of(Path(entry.path)))


def leads_somewhere(entry: "os.DirEntry[str]") -> bool:
    """Say whether there is something at the end of a link; not where links go round in a circle."""
    try:
        entry.stat()
    except OSError:
        return False
    return True


def entries_of(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """Return what a folder holds, by name.

    Raises
    ------
    UnusableError
        Where it cannot be listed.
    """
    try:
        with os.scandir(folder) as listing:
            return iter(sorted(listing, key=lambda entry: entry.name))
    except PermissionError:
        raise UnusableError(
            _("The folder “{name}” cannot be listed.", name=folder.name),
            _("You may not read it."),
            _("Ask for access to it, or choose another folder."),
        ) from None
    except OSError:
        raise UnusableError(
            _("The folder “{name}” cannot be listed.", name=folder.name),
            _("It lies too deep within other folders, or the disk refused."),
            _("Move it further up, or choose another folder."),
        ) from None


def is_named_as_image(name: str) -> bool:
    """Say whether a file has the ending of an image."""
    dot = name.rfind(".")  # As in `Path.suffix`, which takes long for the names of many files.
    return dot > 0 and name[dot:].lower() in EXTENSIONS


def linked_files(path: Path) -> list[Path]:
    """Return the files that links in a folder of records stand for; none where it is no folder.

    A link to a folder, or to anything else that is no regular file, stands for no record.
    """
    if not path.is_dir():
        return []
    links = (Path(entry.path) for entry in _entries(path) if entry.is_symlink())
    files = (regular_file(link) for link in links if link.suffix.lower() in EXTENSIONS)
    return [file for file in files if file is not None]


def read_file(path: Path) -> bytes:
    """Return the bytes of an image file.

    Raises
    ------
    UnreadableRecordError
        Where it cannot be read.
    """
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise UnreadableRecordError(_("Not a regular file."))
        if info.st_size > MAX_FILE_BYTES:
            raise UnreadableRecordError(
                _(
                    "The file is larger than {mebibytes} MiB, more than an image needs.",
                    mebibytes=MAX_FILE_BYTES >> 20,
                )
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableRecordError(_("The file is no longer there.")) from None
    except PermissionError:
        raise UnreadableRecordError(_("The file may not be read by you.")) from None
    except OSError:
        raise UnreadableRecordError(_("The file cannot be read from the disk.")) from None
