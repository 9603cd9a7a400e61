"""The receiver's check of a bundle, with nothing but the bundle."""

import csv
import hashlib
import io
import json
import math
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.images import decode_image
from dataselect_gui.release import bundle as layout
from dataselect_gui.release import signing
from dataselect_gui.release.clean import EXTENSIONS, says_nothing_else
from dataselect_gui.release.contents import COLUMNS, GRADIENT
from dataselect_gui.release.croissant import problems_of
from dataselect_gui.release.documents import terms_told
from dataselect_gui.release.drawing import cells
from dataselect_gui.release.terms import MECHANISMS, MOST_EPSILON, Terms
from dataselect_gui.release.words import not_protected, promise
from dataselect_gui.resources import resource

_NAME = re.compile(rf"[0-9a-f]{{32}}\.({'|'.join(EXTENSIONS)})")
_TOKEN = re.compile("[0-9a-f]{32}")
_DOCUMENTS = {layout.RELEASE, layout.PRIVACY, layout.CROISSANT, layout.CARD}


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


class _FaultError(Exception):
    """What a check found wrong, as a sentence."""


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
    if not (path / layout.SUMS).is_file() or not (path / layout.RELEASE).is_file():
        raise UnusableError(
            f"“{path.name}” is not a bundle.",
            f"It has no {layout.SUMS} or no {layout.RELEASE}.",
            "Choose the folder that the owner sent, whole.",
        )
    checks: list[tuple[str, Callable[[], str]]] = [
        ("checksums", lambda: _checksums(path)),
        ("stray files", lambda: _strays(path)),
        ("documents", lambda: _documents(path)),
        ("description", lambda: _description(path)),
        ("content", lambda: _content(path)),
        ("metadata", lambda: _metadata(path)),
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
    except _FaultError as fault:
        return Check(name, False, str(fault))
    except Exception as error:  # A hostile bundle reaches every corner of every parser.
        return Check(name, False, f"It cannot be checked: {type(error).__name__}.")


def _signature(path: Path, key: bytes | None) -> str:
    if not signing.is_signed(path):
        raise _FaultError("The bundle is not signed.")
    signer = signing.signed_by(path)
    if signer is None:
        raise _FaultError("The signature is not one of this bundle.")
    if key is None:
        return f"Signed by the key {signer.hex()}; whose key that is, this check cannot know."
    if signer != key:
        raise _FaultError("The bundle was signed by another key than the owner's.")
    return "The bundle was signed by the owner's key."


def _digest(path: Path, digest: str) -> str:
    if layout.digest_of(path) != digest.strip().lower():
        raise _FaultError("The bundle is not the one whose digest the owner sent.")
    return "The bundle is the one whose digest the owner sent."


def _sums(path: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    text = (path / layout.SUMS).read_bytes().decode("utf-8")
    for line in text.split("\n")[:-1]:
        digest, _, name = line.partition("  ")
        if not re.fullmatch("[0-9a-f]{64}", digest) or not name or name in sums:
            raise _FaultError(f"{layout.SUMS} has a line that is none of its own.")
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise _FaultError(f"{layout.SUMS} names a file outside the bundle.")
        sums[name] = digest
    if text != layout.listing_of(sums):
        raise _FaultError(f"{layout.SUMS} is not as a bundle's is written.")
    return sums


def _checksums(path: Path) -> str:
    sums = _sums(path)
    for name, digest in sums.items():
        file = path / name
        if not file.is_file() or file.is_symlink():
            raise _FaultError(f"“{name}” is missing.")
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != digest:
                raise _FaultError(f"“{name}” was changed.")
    return f"All {len(sums)} files are as they were written."


def _strays(path: Path) -> str:
    expected = set(_sums(path))
    if not expected >= _DOCUMENTS:
        raise _FaultError("A document of the bundle is missing.")
    allowed = {*expected, layout.SUMS, layout.SIGNATURE}
    for file in path.rglob("*"):
        name = file.relative_to(path).as_posix()
        is_folder = file.is_dir() and any(inside.startswith(f"{name}/") for inside in expected)
        if file.is_symlink() or not (file.is_file() or is_folder):
            raise _FaultError(f"“{name}” does not belong to a bundle.")
        if file.is_file() and name not in allowed:
            raise _FaultError(f"“{name}” is not among the checksums.")
    listings = {layout.LISTING, layout.ARRAYS, GRADIENT, *COLUMNS}
    kinds = expected & listings
    if len(kinds) != 1:
        raise _FaultError("The bundle does not hold content of exactly one kind.")
    for name in expected - _DOCUMENTS - kinds:
        folder, _, file_name = name.rpartition("/")
        if kinds != {layout.LISTING} or folder != layout.DATA or not _NAME.fullmatch(file_name):
            raise _FaultError(f"“{name}” does not belong to a bundle.")
    return "There is nothing but what the release is about and the bundle's own documents."


def _documents(path: Path) -> str:
    import jsonschema

    schema = json.loads(resource("schemas/deployments-registry.json").read_text(encoding="utf-8"))
    privacy = _json(path, layout.PRIVACY)
    if next(jsonschema.Draft7Validator(schema).iter_errors(privacy), None) is not None:
        raise _FaultError(f"{layout.PRIVACY} does not follow the registry's schema.")
    release = _json(path, layout.RELEASE)
    stated = privacy["deployment"]["privacy_loss"].get("privacy_parameters", {})
    for name in ("epsilon", "delta"):
        claimed = release[name]
        if (stated.get(name) or 0) != float(claimed or 0):
            raise _FaultError(f"{layout.PRIVACY} and {layout.RELEASE} state different {name}.")
    if release["epsilon"] is None and stated:
        raise _FaultError(f"{layout.PRIVACY} claims what {layout.RELEASE} does not.")
    text = (path / layout.CARD).read_text(encoding="utf-8")
    if release["promise"] not in text:
        raise _FaultError(f"{layout.CARD} promises something else than {layout.RELEASE}.")
    missing = [item for item in release["not_protected"] if item not in text]
    if missing:
        raise _FaultError(f"{layout.CARD} leaves out what is not protected.")
    return f"{layout.PRIVACY} follows the registry's schema, and all documents agree."


def _description(path: Path) -> str:
    problems = problems_of(path / layout.CROISSANT)
    if problems:
        raise _FaultError(f"{layout.CROISSANT}: {problems[0]}")
    return f"{layout.CROISSANT} is a Croissant 1.1 description."


def _content(path: Path) -> str:
    terms = _terms(path)
    if terms.kind == "records":
        return _records(path)
    if terms.kind == "gradient":
        return _gradient(path)
    return _table(path, terms)


def _records(path: Path) -> str:
    if (path / layout.ARRAYS).is_file():
        with zipfile.ZipFile(path / layout.ARRAYS) as archive:
            if sorted(archive.namelist()) != ["x.npy", "y.npy"]:
                raise _FaultError("The array file holds more than records and labels.")
        return "The array file holds records and labels alone."
    listed: list[str] = []
    # Not splitlines: a label may hold a character that Unicode calls a line's end.
    for line in (path / layout.LISTING).read_text(encoding="utf-8").split("\n")[:-1]:
        entry = json.loads(line)
        if set(entry) != {"file_name", "label"}:
            raise _FaultError(f"{layout.LISTING} tells more than file names and labels.")
        listed.append(entry["file_name"])
    if listed != sorted(listed):
        raise _FaultError(f"{layout.LISTING} is not in the order of its random names.")
    there = sorted(p.name for p in (path / layout.DATA).iterdir() if p.name != "metadata.jsonl")
    if listed != there:
        raise _FaultError(f"{layout.LISTING} does not list exactly the records that are there.")
    return f"{len(listed)} records are there and listed, with labels and nothing else."


def _table(path: Path, terms: Terms) -> str:
    name = next(name for name in COLUMNS if (path / name).is_file())
    if name != f"data/{terms.kind}.csv":
        raise _FaultError(f"“{name}” is not what a release of {terms.kind} holds.")
    with (path / name).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    if tuple(header) != COLUMNS[name] or any(len(row) != len(header) for row in rows):
        raise _FaultError(f"“{name}” has other columns than it should.")
    if terms.kind == "report":
        expected = [(t, c or "", low, high) for t, c, low, high in cells(terms)]
        if [tuple(row[:4]) for row in rows] != expected:
            raise _FaultError("The report does not hold exactly the cells that were declared.")
        for row in rows:
            float(row[4])
        return f"All {len(rows)} declared cells are there, whether empty or not."
    tokens = [row[0] for row in rows]
    if tokens != sorted(set(tokens)) or not all(map(_TOKEN.fullmatch, tokens)):
        raise _FaultError(f"“{name}” is not in the order of its random tokens.")
    if terms.kind == "scores":
        for row in rows:
            float(row[1])
    declared = terms.count if terms.kind == "offers" else terms.padded
    if declared is not None and len(rows) != declared:
        raise _FaultError(f"“{name}” does not have the number of rows that was declared.")
    return f"{len(rows)} rows are there, in the order of their random tokens."


def _gradient(path: Path) -> str:
    with (path / GRADIENT).open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    if "__metadata__" in header:
        raise _FaultError("The gradient's file holds metadata.")
    if any(entry["dtype"] != "F32" for entry in header.values()):
        raise _FaultError("The gradient's file holds something else than numbers.")
    count = sum(math.prod(entry["shape"]) for entry in header.values())
    if (path / GRADIENT).stat().st_size != 8 + length + 4 * count:
        raise _FaultError("The gradient's file holds more than its numbers.")
    return f"One number for each of {count:,} parameters, and nothing else."


def _metadata(path: Path) -> str:
    folder = path / layout.DATA
    for file in folder.iterdir() if folder.is_dir() else ():
        extension = file.suffix[1:]
        if extension in EXTENSIONS:
            content = file.read_bytes()
            decode_image(content)
            if not says_nothing_else(extension, content):
                raise _FaultError(f"“{file.name}” holds more than pixels.")
        elif extension == "npz":
            with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
                if archive.comment or any(info.extra or info.comment for info in archive.infolist()):
                    raise _FaultError("The array file holds comments.")
    return "No file holds anything but its pixels or numbers."


def _arithmetic(path: Path) -> str:
    """Compute the stated figures anew, from the noise that is stated."""
    terms, told = _terms(path), _json(path, layout.RELEASE)["parameters"]
    if terms.mechanism == "exact":
        if terms.epsilon is not None or terms.claims:
            raise _FaultError("A release without a mechanism states an ε.")
        return "No ε is stated, and none applies."
    epsilon, per_unit = Decimal(str(terms.epsilon)), terms.per_unit
    if not epsilon > 0 or per_unit < 1:
        raise _FaultError("ε or the number of records of a unit makes no sense.")
    with localcontext() as context:
        context.prec = 50
        if terms.mechanism == "one-sided":
            share = 1 - (-epsilon / per_unit).exp()
            if not _close(told["share_that_leaves"]["value"], share):
                raise _FaultError("The stated share that leaves is not 1 − e^(−ε/m).")
        elif terms.mechanism == "randomized-response":
            kept = 1 / (1 + (-epsilon / per_unit).exp())
            if not _close(told["share_told_truly"]["value"], kept):
                raise _FaultError("The stated share told truly is not 1 / (1 + e^(−ε/m)).")
        odds = min(Decimal(terms.total or 0), Decimal(MOST_EPSILON)).exp()
        if terms.claims and not _close(told["odds_factor"]["value"], odds):
            raise _FaultError("The stated odds factor is not e^ε.")
    _noise(terms, epsilon)
    if not terms.claims:
        return "The stated figures follow from the parameters; no ε is claimed."
    return "The stated ε and δ follow from the stated noise and from how far one unit can move it."


def _noise(terms: Terms, epsilon: Decimal) -> None:
    """Hold ε and δ against the stated noise, by another accountant than the one that chose it."""
    if terms.sensitivity is not None:
        scale = Fraction(terms.noise_scale or 0)
        if scale <= 0 or Fraction(terms.sensitivity) / scale > Fraction(epsilon):
            raise _FaultError("The stated noise is too small for the stated ε.")
    if terms.squared_sensitivity is not None:
        ratio = (terms.noise_scale or 0.0) / math.sqrt(terms.squared_sensitivity)
        if not ratio > 0 or gaussian_delta(ratio, float(epsilon)) > float(terms.delta or 0):
            raise _FaultError("The stated noise is too small for the stated ε and δ.")


def gaussian_delta(ratio: float, epsilon: float) -> float:
    """Return δ at ε of Gaussian noise, σ given as a multiple of the L2 sensitivity.

    δ = Φ(1/2s − εs) − e^ε Φ(−1/2s − εs) (Balle and Wang 2018, arXiv 1805.06530, theorem 8).
    """

    def below(z: float) -> float:
        return math.erfc(-z / math.sqrt(2)) / 2

    first, second = 1 / (2 * ratio), epsilon * ratio
    return below(first - second) - math.exp(min(epsilon, MOST_EPSILON)) * below(-first - second)


def _promise(path: Path) -> str:
    """Hold the promise against the mechanism."""
    release, terms = _json(path, layout.RELEASE), _terms(path)
    if terms.kind not in MECHANISMS or terms.mechanism not in MECHANISMS[terms.kind]:
        raise _FaultError("The mechanism is not known here.")
    claimed = release["epsilon"] is not None
    if claimed and terms.mechanism == "exact":
        raise _FaultError("An ε is claimed for a release without a mechanism.")
    if claimed and terms.in_training not in {"no", "dp"}:
        raise _FaultError("An ε is claimed although the records may have trained the checkpoints.")
    needs_threshold = terms.mechanism in {"one-sided", "randomized-response"} or (
        terms.kind == "gradient"
    )
    depends = needs_threshold and (
        terms.cut != "threshold" or terms.threshold_from == "viewed" or terms.threshold is None
    )
    if claimed and depends:
        raise _FaultError("An ε is claimed although the threshold depends on the records.")
    if terms.conditional != depends:
        raise _FaultError("The release is not marked as conditional as its threshold demands.")
    if (terms.threshold_from == "bought") != (terms.threshold_epsilon is not None):
        raise _FaultError("A bought threshold is not counted, or one is counted that was not bought.")
    expected = terms.claimed
    if release["epsilon"] != expected or release["delta"] != (
        (terms.delta or "0") if terms.claims else None
    ):
        raise _FaultError("The stated ε or δ is not the mechanism's.")
    if release["promise"] != promise(terms):
        raise _FaultError("The promise in words is not that of the mechanism.")
    if release["not_protected"] != not_protected(terms):
        raise _FaultError("What is said not to be protected is not what the mechanism leaves open.")
    if not claimed:
        return "Nothing is promised, and the bundle says so."
    delta = "" if terms.delta is None else f", δ = {terms.delta}"
    return f"What is promised is what the mechanism gives: ε = {expected}{delta} per unit."


def _terms(path: Path) -> Terms:
    try:
        return terms_told(_json(path, layout.RELEASE))
    except (KeyError, TypeError, ValueError, IndexError):
        raise _FaultError(f"{layout.RELEASE} is not built as it should be.") from None


def _json(path: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / name).read_text(encoding="utf-8"))
    return content


def _close(stated: float, computed: Decimal) -> bool:
    return abs(Decimal(stated) - computed) <= computed * Decimal("1e-12")
