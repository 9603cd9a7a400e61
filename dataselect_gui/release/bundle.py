"""Write a bundle: a folder that appears whole or not at all.

Everything in it follows from the draw, the terms and the records, so that the same release written
twice gives the same bytes. Names are random and were drawn; times are fixed.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.source import Content, FloatArray
from dataselect_gui.release.clean import clean_image, encode
from dataselect_gui.release.croissant import describe
from dataselect_gui.release.documents import Terms, card, privacy_document, release_document

DATA = "data/train"
LISTING = f"{DATA}/metadata.jsonl"
ARRAYS = f"{DATA}/records.npz"
RELEASE, PRIVACY, CROISSANT, CARD = "release.json", "privacy.json", "croissant.json", "README.md"
SUMS = "SHA256SUMS"
FIXED_TIME = 315532800
"""1980-01-01, the earliest time that every archive format can hold."""


@dataclass(frozen=True)
class Parcel:
    """One record that leaves.

    Attributes
    ----------
    name : str
        Its random name, without an extension.
    label : str or None
        Its label.
    file : bytes or None
        The content of its file; None where it is a row of an array.
    content : Image or float array
        The decoded record.
    """

    name: str
    label: str | None
    file: bytes | None
    content: Content


def check_destination(destination: Path, release: str | None) -> bool:
    """Say whether a destination already holds this very release, whole.

    Raises
    ------
    UnusableError
        Where it holds anything else, or cannot be written.
    """
    if destination.is_dir() and any(destination.iterdir()):
        if release is not None and _holds(destination, release):
            return True
        raise UnusableError(
            f"“{destination.name}” is not empty.",
            "A bundle needs a folder of its own, and nothing is overwritten.",
            "Name a folder that is not there yet.",
        )
    if destination.exists() and not destination.is_dir():
        raise UnusableError(
            f"“{destination.name}” is a file.",
            "A bundle is a folder.",
            "Name a folder that is not there yet.",
        )
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        probe = destination.parent / f".{destination.name}.probe"
        probe.mkdir(exist_ok=True)
        probe.rmdir()
    except OSError as error:
        raise _cannot_write(destination, error, charged=False) from None
    return False


def write_bundle(
    destination: Path,
    terms: Terms,
    ledger_head: str,
    parcels: Iterable[Parcel],
    report: Callable[[int], None],
) -> None:
    """Write a bundle beside its destination, then move it there.

    Parameters
    ----------
    destination : Path
        The bundle's folder: not there yet, or empty.
    terms : Terms
        What the release is.
    ledger_head : str
        The head of the ledger's chain after the reservation.
    parcels : iterable of Parcel
        The records that leave, in the order of their names.
    report : callable
        Called with the number of records written.

    Raises
    ------
    UnusableError
        Where the disk refuses; the release stays reserved and can be written again.
    """
    partial = destination.parent / f".{destination.name}.partial-{terms.release}"
    try:
        shutil.rmtree(partial, ignore_errors=True)  # Left by a run that was killed.
        (partial / DATA).mkdir(parents=True)
        listing = _write_records(partial, parcels, report)
        files = {
            path.relative_to(partial).as_posix(): _sha256(path)
            for path in sorted((partial / DATA).iterdir())
        }
        _write_text(partial / CROISSANT, describe(terms, files, listing))
        _write_json(partial / RELEASE, release_document(terms, ledger_head))
        _write_json(partial / PRIVACY, privacy_document(terms))
        _write_text(partial / CARD, card(terms))
        names = sorted(p.relative_to(partial).as_posix() for p in partial.rglob("*") if p.is_file())
        sums = "".join(f"{_sha256(partial / name)}  {name}\n" for name in names)
        _write_text(partial / SUMS, sums)
        for path in [*partial.rglob("*"), partial]:
            os.utime(path, (FIXED_TIME, FIXED_TIME))
        _flush(partial)
        if destination.exists():
            destination.rmdir()
        partial.rename(destination)
        _flush_folder(destination.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise _cannot_write(destination, error, charged=True) from None
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def digest_of(bundle: Path) -> str:
    """Return the digest that stands for a whole bundle: the SHA-256 of its checksums."""
    return _sha256(bundle / SUMS)


def count_records(bundle: Path) -> int:
    """Return how many records a bundle holds."""
    if (bundle / ARRAYS).is_file():
        with np.load(bundle / ARRAYS, allow_pickle=False) as arrays:
            return len(arrays["y"])
    # Not splitlines: a label may hold a character that Unicode calls a line's end.
    return (bundle / LISTING).read_text(encoding="utf-8").count("\n")


def _holds(destination: Path, release: str) -> bool:
    """Say whether a folder is a whole bundle of this release, each file as it was written."""
    try:
        stated = json.loads((destination / RELEASE).read_text(encoding="utf-8"))["release"]
        lines = (destination / SUMS).read_text(encoding="utf-8").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    there = {p.relative_to(destination).as_posix() for p in destination.rglob("*") if p.is_file()}
    return (
        stated == release
        and there == {*sums, SUMS}
        and all(_sha256(destination / name) == digest for name, digest in sums.items())
    )


def _write_records(bundle: Path, parcels: Iterable[Parcel], report: Callable[[int], None]) -> str:
    """Write the records; return the relative path of the file that lists them."""
    lines: list[str] = []
    arrays: list[FloatArray] = []
    labels: list[str] = []
    for number, parcel in enumerate(parcels, start=1):
        if isinstance(parcel.content, Image.Image):
            extension, content = (
                encode(parcel.content) if parcel.file is None else clean_image(parcel.file)
            )
            name = f"{parcel.name}.{extension}"
            (bundle / DATA / name).write_bytes(content)
            lines.append(json.dumps({"file_name": name, "label": parcel.label}, ensure_ascii=False))
        else:
            arrays.append(parcel.content)
            labels.append(parcel.label or "")
        report(number)
    if arrays:
        written = io.BytesIO()
        np.savez_compressed(written, x=np.stack(arrays), y=np.array(labels))
        (bundle / ARRAYS).write_bytes(written.getvalue())
        return ARRAYS
    _write_text(bundle / LISTING, "".join(f"{line}\n" for line in sorted(lines)))
    return LISTING


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_json(path: Path, content: object) -> None:
    _write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    if hasattr(os, "sync"):
        os.sync()  # One call for thousands of files.
        return
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _cannot_write(destination: Path, error: OSError, *, charged: bool) -> UnusableError:
    reason = error.strerror or "The disk refused"
    after = "The release is reserved and its cost counts; repeating it elsewhere costs nothing more."
    return UnusableError(
        f"The bundle “{destination.name}” cannot be written.",
        f"{reason}. {after if charged else 'Nothing was drawn and nothing was spent.'}",
        "Choose another place, or make room there, and give the same command again.",
    )
