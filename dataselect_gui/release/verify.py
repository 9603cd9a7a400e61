"""The receiver's check of a bundle, with nothing but the bundle.

A bundle may have been made to harm whoever checks it. So nothing is opened before it is known to be a
plain file of a size that can be read, no document is given to a parser that follows addresses, and
whatever a document says must be, word for word, what the program writes of such a release.
"""

import hashlib
import json
import math
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

from dataselect_gui import __version__
from dataselect_gui.errors import UnusableError
from dataselect_gui.release import bundle as layout
from dataselect_gui.release import content_check, limits, signing
from dataselect_gui.release.card import card
from dataselect_gui.release.clean import EXTENSIONS
from dataselect_gui.release.contents import COLUMNS, GRADIENT
from dataselect_gui.release.croissant import describe, problems_of
from dataselect_gui.release.documents import (
    document_text,
    privacy_document,
    release_document,
    terms_told,
)
from dataselect_gui.release.faults import FaultError, shown
from dataselect_gui.release.terms import Terms, calibrated
from dataselect_gui.release.words import not_protected, promise
from dataselect_gui.resources import resource

_NAME = re.compile(rf"[0-9a-f]{{32}}\.({'|'.join(EXTENSIONS)})")
_HEAD = re.compile("[0-9a-f]{64}")
_DOCUMENTS = {layout.RELEASE, layout.PRIVACY, layout.CROISSANT, layout.CARD}
_FOLDERS = ("data", layout.DATA)
_LISTINGS = {layout.LISTING, layout.ARRAYS, GRADIENT, *COLUMNS}
_SLACK = 1 << 20
"""Bytes that checksums may have beyond those of what is there, and packed numbers beyond their own."""
_ROUNDING = 1e-12
"""By how much, relatively, the program computes the same number on different machines."""


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes
    ----------
    name : str
        What.
    ok : bool
        Whether it holds.
    detail : str
        What was found, as a sentence.
    """

    name: str
    ok: bool
    detail: str


def verify_bundle(path: Path, digest: str | None = None, key: bytes | None = None) -> list[Check]:
    """Check a bundle.

    Parameters
    ----------
    path : Path
        Its folder.
    digest : str or None
        The digest that the owner sent separately.
    key : bytes or None
        The owner's public key, 32 bytes, known from elsewhere.

    Raises
    ------
    UnusableError
        Where the folder is no bundle at all.
    """
    if not all(stat.S_ISREG(_mode(path / name)) for name in (layout.SUMS, layout.RELEASE)):
        raise UnusableError(
            f"“{path.name}” is not a bundle.",
            f"It has no {layout.SUMS} or no {layout.RELEASE}.",
            "Choose the folder that the owner sent, whole.",
        )
    plain = _run("stray files", lambda: _plain_files(path))
    if not plain.ok:
        return [plain]
    checks: list[tuple[str, Callable[[], str]]] = [
        ("checksums", lambda: _checksums(path)),
        ("stray files", lambda: _strays(path)),
        ("documents", lambda: _documents(path)),
        ("description", lambda: _description(path)),
        ("content", lambda: content_check.content(path, _terms(path))),
        ("metadata", lambda: content_check.metadata(path, _terms(path))),
        ("arithmetic", lambda: _arithmetic(path)),
        ("promise", lambda: _promise(path)),
    ]
    if digest is not None:
        checks.insert(0, ("digest", lambda: _digest(path, digest)))
    if key is not None or signing.is_signed(path):
        checks.insert(0, ("signature", lambda: _signature(path, key)))
    return [_run(name, check) for name, check in checks]


def _run(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except FaultError as fault:
        return Check(name, False, str(fault))
    except Exception as error:  # A hostile bundle reaches every corner of every parser.
        return Check(name, False, f"It cannot be checked: {type(error).__name__}.")


def _plain_files(path: Path) -> str:
    """Refuse what cannot be read to its end: all but folders and plain files of a possible size.

    No folder is entered that a bundle does not have.
    """
    names = 0
    for file in _all_in(path):
        told = file.relative_to(path).as_posix()
        info = file.lstat()
        if stat.S_ISDIR(info.st_mode) and told not in _FOLDERS:
            raise FaultError(f"“{shown(told)}” does not belong to a bundle. Nothing was read.")
        if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
            raise FaultError(f"“{shown(told)}” is no file. Nothing was read.")
        if stat.S_ISREG(info.st_mode) and told != layout.SUMS:
            names += len(f"{'0' * 64}  {told}\n".encode("utf-8", "replace"))
            if info.st_size > _most(told):
                raise FaultError(f"“{shown(told)}” is larger than it can be. Nothing was read.")
    if (path / layout.SUMS).stat().st_size > names + _SLACK:
        raise FaultError(f"{layout.SUMS} lists more than there is. Nothing was read.")
    return "There is nothing but files."


def _all_in(path: Path) -> Iterator[Path]:
    """Yield what is in a bundle and in those of its folders that a bundle has."""
    for folder in (path, *(path / name for name in _FOLDERS)):
        if stat.S_ISDIR(_mode(folder)):
            yield from folder.iterdir()


def _mode(path: Path) -> int:
    """Return what a path is, a link being a link; 0 where there is nothing."""
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _most(name: str) -> int:
    """Return how many bytes a file of a bundle may have."""
    if name in {*_DOCUMENTS, layout.SIGNATURE}:
        return limits.MOST_DOCUMENT
    if name in {layout.ARRAYS, GRADIENT}:
        return limits.MOST_ARRAY_BYTES + (limits.MOST_ARRAY_BYTES >> 8) + _SLACK
    return limits.MOST_FILE


def _signature(path: Path, key: bytes | None) -> str:
    if not signing.is_signed(path):
        raise FaultError("The bundle is not signed.")
    signer = signing.signed_by(path)
    if signer is None:
        raise FaultError("The signature is not one of this bundle.")
    if key is None:
        return f"Signed by the key {signer.hex()}; whose key that is, this check cannot know."
    if signer != key:
        raise FaultError("The bundle was signed by another key than the owner's.")
    return "The bundle was signed by the owner's key."


def _digest(path: Path, digest: str) -> str:
    if layout.digest_of(path) != digest.strip().lower():
        raise FaultError("The bundle is not the one whose digest the owner sent.")
    return "The bundle is the one whose digest the owner sent."


def _sums(path: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    text = (path / layout.SUMS).read_bytes().decode("utf-8")
    for line in text.split("\n")[:-1]:
        digest, _, name = line.partition("  ")
        if not re.fullmatch("[0-9a-f]{64}", digest) or not name or name in sums:
            raise FaultError(f"{layout.SUMS} has a line that is none of its own.")
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise FaultError(f"{layout.SUMS} names a file outside the bundle.")
        sums[name] = digest
    if text != layout.listing_of(sums):
        raise FaultError(f"{layout.SUMS} is not as a bundle's is written.")
    return sums


def _checksums(path: Path) -> str:
    sums = _sums(path)
    for name, digest in sums.items():
        file = path / name
        if not file.is_file():
            raise FaultError(f"“{shown(name)}” is missing.")
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != digest:
                raise FaultError(f"“{shown(name)}” was changed.")
    return f"All {len(sums)} files are as they were written."


def _strays(path: Path) -> str:
    expected = set(_sums(path))
    if not expected >= _DOCUMENTS:
        raise FaultError("A document of the bundle is missing.")
    allowed = {*expected, layout.SUMS, layout.SIGNATURE}
    folders = {parent.as_posix() for name in expected for parent in Path(name).parents}
    for file in _all_in(path):
        name = file.relative_to(path).as_posix()
        if file.is_dir() and name not in folders:
            raise FaultError(f"“{shown(name)}” does not belong to a bundle.")
        if file.is_file() and name not in allowed:
            raise FaultError(f"“{shown(name)}” is not among the checksums.")
    kinds = expected & _LISTINGS
    if len(kinds) != 1:
        raise FaultError("The bundle does not hold content of exactly one kind.")
    for name in expected - _DOCUMENTS - kinds:
        folder, _, file_name = name.rpartition("/")
        if kinds != {layout.LISTING} or folder != layout.DATA or not _NAME.fullmatch(file_name):
            raise FaultError(f"“{shown(name)}” does not belong to a bundle.")
    return "There is nothing but what the release is about and the bundle's own documents."


def _documents(path: Path) -> str:
    """Hold every document against what follows from the terms, word for word."""
    import jsonschema

    privacy = _json(path, layout.PRIVACY)
    release, terms = _json(path, layout.RELEASE), _terms(path)
    head = release["ledger_head"]
    if not _HEAD.fullmatch(head):
        raise FaultError(f"{layout.RELEASE} is not built as it should be.")
    agree = {
        layout.RELEASE: _same(release, release_document(terms, head)),
        layout.PRIVACY: _same(privacy, privacy_document(terms)),
        layout.CARD: (path / layout.CARD).read_bytes() == card(terms).encode(),
    }
    for name, agrees in agree.items():
        if not agrees:
            raise FaultError(
                f"{name} does not say what the program says of such a release.{_by(terms)}"
            )
    schema = json.loads(resource("schemas/deployments-registry.json").read_text(encoding="utf-8"))
    if next(jsonschema.Draft7Validator(schema).iter_errors(privacy), None) is not None:
        raise FaultError(f"{layout.PRIVACY} does not follow the registry's schema.")
    return f"{layout.PRIVACY} follows the registry's schema, and all documents agree, word for word."


def _description(path: Path) -> str:
    terms, sums = _terms(path), _sums(path)
    data = {name: digest for name, digest in sums.items() if name not in _DOCUMENTS}
    (listing,) = data.keys() & _LISTINGS
    # Compared before the library sees it, which would follow any address in it.
    if (path / layout.CROISSANT).read_bytes() != describe(terms, data, listing).encode():
        raise FaultError(f"{layout.CROISSANT} does not describe what is here.{_by(terms)}")
    problems = problems_of(path / layout.CROISSANT)
    if problems:
        raise FaultError(f"{layout.CROISSANT}: {problems[0]}")
    return f"{layout.CROISSANT} is a Croissant 1.1 description of what is here."


def _by(terms: Terms) -> str:
    """Say that another version wrote a bundle, whose words may have been others."""
    if terms.program == __version__:
        return ""
    return f" It was written by version {terms.program}; check it with that one, not {__version__}."


def _same(stated: object, expected: object) -> bool:
    """Compare JSON; numbers that were computed may differ in their last digits between machines."""
    if isinstance(expected, dict):
        return (
            isinstance(stated, dict)
            and list(stated) == list(expected)
            and all(_same(stated[key], value) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(stated, list)
            and len(stated) == len(expected)
            and all(map(_same, stated, expected))
        )
    if isinstance(expected, float):
        return isinstance(stated, float) and math.isclose(stated, expected, rel_tol=_ROUNDING)
    return type(stated) is type(expected) and stated == expected


def _arithmetic(path: Path) -> str:
    """Compute the stated figures anew, from the noise that is stated."""
    terms, told = _terms(path), _json(path, layout.RELEASE)["parameters"]
    if terms.mechanism == "exact":
        if terms.epsilon is not None or terms.claims:
            raise FaultError("A release without a mechanism states an ε.")
        return "No ε is stated, and none applies."
    epsilon, per_unit = Decimal(str(terms.epsilon)), terms.per_unit
    if not epsilon > 0 or per_unit < 1:
        raise FaultError("ε or the number of records of a unit makes no sense.")
    with localcontext() as context:
        context.prec = 50
        if terms.mechanism == "one-sided":
            share = 1 - (-epsilon / per_unit).exp()
            if not _close(told["share_that_leaves"]["value"], share):
                raise FaultError("The stated share that leaves is not 1 − e^(−ε/m).")
        elif terms.mechanism == "randomized-response":
            kept = 1 / (1 + (-epsilon / per_unit).exp())
            if not _close(told["share_told_truly"]["value"], kept):
                raise FaultError("The stated share told truly is not 1 / (1 + e^(−ε/m)).")
        odds = Decimal(terms.total or 0).exp()
        if terms.claims and not _close(told["odds_factor"]["value"], odds):
            raise FaultError("The stated odds factor is not e^ε.")
    _noise(terms, epsilon)
    needed = calibrated(terms).noise_scale
    if needed is not None and not math.isclose(terms.noise_scale or 0.0, needed, rel_tol=_ROUNDING):
        raise FaultError(f"The stated noise is not the program's for the stated ε.{_by(terms)}")
    if not terms.claims:
        return "The stated figures follow from the parameters; no ε is claimed."
    return "The stated ε and δ follow from the stated noise and from how far one unit can move it."


def _noise(terms: Terms, epsilon: Decimal) -> None:
    """Hold ε and δ against the stated noise, by another accountant than the one that chose it."""
    if terms.sensitivity is not None:
        scale = Fraction(terms.noise_scale or 0)
        if scale <= 0 or Fraction(terms.sensitivity) / scale > Fraction(epsilon):
            raise FaultError("The stated noise is too small for the stated ε.")
    if terms.squared_sensitivity is not None:
        ratio = (terms.noise_scale or 0.0) / math.sqrt(terms.squared_sensitivity)
        if not ratio > 0 or gaussian_delta(ratio, float(epsilon)) > float(terms.delta or 0):
            raise FaultError("The stated noise is too small for the stated ε and δ.")


def gaussian_delta(ratio: float, epsilon: float) -> float:
    """Return δ at ε of Gaussian noise, σ given as a multiple of the L2 sensitivity.

    δ = Φ(1/2s − εs) − e^ε Φ(−1/2s − εs) (Balle and Wang 2018, arXiv 1805.06530, theorem 8).
    """

    def below(z: float) -> float:
        return math.erfc(-z / math.sqrt(2)) / 2

    first, second = 1 / (2 * ratio), epsilon * ratio
    return below(first - second) - math.exp(epsilon) * below(-first - second)


def _promise(path: Path) -> str:
    """Hold the promise against the mechanism."""
    release, terms = _json(path, layout.RELEASE), _terms(path)
    claimed = release["epsilon"] is not None
    if claimed and terms.mechanism == "exact":
        raise FaultError("An ε is claimed for a release without a mechanism.")
    if claimed and terms.in_training not in {"no", "dp"}:
        raise FaultError("An ε is claimed although the records may have trained the checkpoints.")
    needs_threshold = terms.mechanism in {"one-sided", "randomized-response"} or (
        terms.kind == "gradient"
    )
    depends = needs_threshold and (
        terms.cut != "threshold" or terms.threshold_from == "viewed" or terms.threshold is None
    )
    if claimed and depends:
        raise FaultError("An ε is claimed although the threshold depends on the records.")
    if terms.conditional != depends:
        raise FaultError("The release is not marked as conditional as its threshold demands.")
    if (terms.threshold_from == "bought") != (terms.threshold_epsilon is not None):
        raise FaultError("A bought threshold is not counted, or one is counted that was not bought.")
    expected = terms.claimed
    if release["epsilon"] != expected or release["delta"] != (
        (terms.delta or "0") if terms.claims else None
    ):
        raise FaultError("The stated ε or δ is not the mechanism's.")
    if release["promise"] != promise(terms):
        raise FaultError("The promise in words is not that of the mechanism.")
    if release["not_protected"] != not_protected(terms):
        raise FaultError("What is said not to be protected is not what the mechanism leaves open.")
    if not claimed:
        return "Nothing is promised, and the bundle says so."
    delta = "" if terms.delta is None else f", δ = {terms.delta}"
    return f"What is promised is what the mechanism gives: ε = {expected}{delta} per unit."


def _terms(path: Path) -> Terms:
    try:
        return terms_told(_json(path, layout.RELEASE))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise FaultError(f"{layout.RELEASE} is not built as it should be.") from None


def _json(path: Path, name: str) -> dict[str, Any]:
    """Read a document that is written in the one way in which the program writes it."""
    text = (path / name).read_bytes().decode("utf-8")
    content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    if not isinstance(content, dict):
        raise FaultError(f"{name} is not built as it should be.")
    # Blanks, other spellings of a number or a letter: whatever reading it would lose.
    if text != document_text(content):
        raise FaultError(f"{name} is not written as such a document is.")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise FaultError("A document says something twice.")
    return dict(pairs)


def _no_number(name: str) -> float:
    raise FaultError(f"A document holds {name} for a number.")


def _close(stated: float, computed: Decimal) -> bool:
    return abs(Decimal(stated) - computed) <= computed * Decimal("1e-12")
