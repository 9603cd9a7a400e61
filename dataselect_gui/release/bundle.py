"""Write a bundle: a folder that appears as a whole.

Everything in it follows from the draw, the terms and the records, so that the same release written
twice gives the same bytes. Names are random and were drawn; times are fixed.
"""

import csv
import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from dataselect_gui.errors import UnusableError
from dataselect_gui.permissions import make_folder
from dataselect_gui.records.forms.labels_said import labels_said
from dataselect_gui.records.kinds import form_in
from dataselect_gui.release.card import card
from dataselect_gui.release.croissant import describe
from dataselect_gui.release.documents import document_text, privacy_document, release_document
from dataselect_gui.release.kinds.kind import Drawn
from dataselect_gui.release.registry import KINDS
from dataselect_gui.release.signing import SIGNATURE, SUMS, Signer, signature_of
from dataselect_gui.texts import _

__all__ = ["CARD", "CROISSANT", "PRIVACY", "RELEASE", "SIGNATURE", "SUMS"]

RELEASE, PRIVACY, CROISSANT, CARD = "release.json", "privacy.json", "croissant.json", "README.md"
FIXED_TIME = 315532800
"""1980-01-01, the earliest time that every archive format can hold."""


def is_there(destination: Path, release: str | None) -> bool:
    """Say whether a destination already holds this release completely.

    Raises
    ------
    UnusableError
        Where it holds something else, or cannot be written.
    """
    if destination.is_dir() and any(destination.iterdir()):
        if release is not None and _holds(destination, release):
            return True
        raise UnusableError(
            _("“{name}” is not empty.", name=destination.name),
            _("A bundle needs a folder of its own, and nothing is overwritten."),
            _("Name a folder that is not there yet."),
        )
    if destination.exists() and not destination.is_dir():
        raise UnusableError(
            _("“{name}” is a file.", name=destination.name),
            _("A bundle is a folder."),
            _("Name a folder that is not there yet."),
        )
    return False


def check_place(destination: Path, *, make: bool) -> None:
    """Refuse a destination that no bundle can be written to.

    Parameters
    ----------
    destination : Path
        The bundle's folder.
    make : bool
        Whether to make the folder that it will be in.

    Raises
    ------
    UnusableError
        Where the disk refuses.
    """
    place = destination.parent
    try:
        if make:
            make_folder(place)
        while not place.exists():
            place = place.parent
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, _("Not a folder"))
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, _("You may not write there"))
    except OSError as error:
        raise cannot_write(destination, error, charged=False) from None


def write_bundle(
    partial: Path,
    destination: Path,
    ledger_head: str,
    drawn: Drawn,
    signer: Signer | None,
) -> None:
    """Write a bundle into a folder beside its destination, then move it there.

    Parameters
    ----------
    partial : Path
        An empty folder on the same disk.
    destination : Path
        The bundle's folder: not there yet, or empty.
    ledger_head : str
        The head of the ledger's chain after the reservation.
    drawn : Drawn
        The release's terms and its draw.
    signer : Signer or None
        The key to sign with.

    Raises
    ------
    UnusableError
        Where the disk refuses; the release stays reserved and can be written again.
    """
    terms = drawn.terms
    try:
        written = terms.kind.write(partial, drawn)
        files = dict(written.sums)
        form = form_in(partial)
        fields = () if form is None else form.described(partial)
        labels = None if form is None else labels_said(form.labels(partial))
        _write_text(partial / CROISSANT, describe(terms, files, written.listing, fields))
        _write_json(partial / RELEASE, release_document(terms, ledger_head))
        _write_json(partial / PRIVACY, privacy_document(terms))
        _write_text(partial / CARD, card(terms, form, labels))
        for name in (CROISSANT, RELEASE, PRIVACY, CARD):
            files[name] = sha256(partial / name)
        _write_text(partial / SUMS, listing_of(files))
        if signer is not None:
            _write_text(partial / SIGNATURE, signature_of(partial, signer))
        for folder, folders, names in os.walk(partial, topdown=False):
            for name in [*names, *folders]:
                os.utime(f"{folder}/{name}", (FIXED_TIME, FIXED_TIME))
        os.utime(partial, (FIXED_TIME, FIXED_TIME))
        _flush(partial)
        if destination.exists():
            destination.rmdir()
        partial.rename(destination)
        _flush_folder(destination.parent)
    except OSError as error:
        raise cannot_write(destination, error, charged=True) from None


def sign_bundle(partial: Path, bundle: Path, signer: Signer) -> None:
    """Sign a bundle that is there already.

    Parameters
    ----------
    partial : Path
        An empty folder on the same disk, so that a crash leaves nothing in the bundle.
    bundle : Path
        The bundle.
    signer : Signer
        The key to sign with.

    Raises
    ------
    UnusableError
        Where the disk refuses.
    """
    try:
        _write_text(partial / SIGNATURE, signature_of(bundle, signer))
        os.utime(partial / SIGNATURE, (FIXED_TIME, FIXED_TIME))
        _flush(partial)
        (partial / SIGNATURE).replace(bundle / SIGNATURE)
        os.utime(bundle, (FIXED_TIME, FIXED_TIME))
    except OSError as error:
        raise cannot_write(bundle, error, charged=True) from None


def listing_of(sums: dict[str, str]) -> str:
    """Return the canonical listing of checksums: relative path → SHA-256."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def digest_of(bundle: Path) -> str:
    """Return the digest that stands for a whole bundle: the SHA-256 of its checksums."""
    return sha256(bundle / SUMS)


def count_records(bundle: Path) -> int:
    """Return how many records, tokens or cells a bundle holds; 1 where it holds a gradient."""
    form = form_in(bundle)
    if form is not None:
        return form.count(bundle)
    for kind in KINDS.values():
        if kind.columns is not None and (bundle / kind.file).is_file():
            with (bundle / kind.file).open(encoding="utf-8", newline="") as file:
                return sum(1 for _ in csv.reader(file)) - 1
    return 1


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cannot_write(destination: Path, error: OSError, *, charged: bool) -> UnusableError:
    """Return the error for a destination that cannot be written."""
    reason = error.strerror or _("The disk refused")
    after = (
        _("The release is reserved and its cost counts; repeating it elsewhere costs nothing more.")
        if charged
        else _("Nothing was drawn and nothing was spent.")
    )
    return UnusableError(
        _("The bundle “{name}” cannot be written.", name=destination.name),
        _("{reason}. {after}", reason=reason, after=after),
        _("Choose another place, or make room there, and give the same command again."),
    )


def _holds(destination: Path, release: str) -> bool:
    """Say whether a folder is a complete bundle of this release, with every file unchanged."""
    try:
        stated = json.loads((destination / RELEASE).read_text(encoding="utf-8"))["release"]
        lines = (destination / SUMS).read_text(encoding="utf-8").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    there = {p.relative_to(destination).as_posix() for p in destination.rglob("*") if p.is_file()}
    return (
        stated == release
        and there - {SIGNATURE} == {*sums, SUMS}
        and all(sha256(destination / name) == digest for name, digest in sums.items())
    )


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    _write_text(path, document_text(content))


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
