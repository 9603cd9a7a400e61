"""The receiver's check of a bundle, with nothing but the bundle."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.images import decode_image
from dataselect_gui.release import bundle as layout
from dataselect_gui.release.clean import EXTENSIONS, says_nothing_else
from dataselect_gui.release.croissant import problems_of
from dataselect_gui.release.documents import NO_PROMISE_EXACT, PROMISE_ONE_SIDED
from dataselect_gui.resources import resource

_NAME = re.compile(rf"[0-9a-f]{{32}}\.({'|'.join(EXTENSIONS)})")


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


def verify_bundle(path: Path, digest: str | None = None) -> list[Check]:
    """Check a bundle.

    Parameters
    ----------
    path : Path
        Its folder.
    digest : str or None
        The digest that the owner sent separately.

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
        ("records", lambda: _records(path)),
        ("metadata", lambda: _metadata(path)),
        ("arithmetic", lambda: _arithmetic(path)),
        ("promise", lambda: _promise(path)),
    ]
    if digest is not None:
        checks.insert(0, ("digest", lambda: _digest(path, digest)))
    return [_run(name, check) for name, check in checks]


def _run(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except _FaultError as fault:
        return Check(name, False, str(fault))
    except Exception as error:  # A hostile bundle reaches every corner of every parser.
        return Check(name, False, f"It cannot be checked: {type(error).__name__}.")


def _digest(path: Path, digest: str) -> str:
    if layout.digest_of(path) != digest.strip().lower():
        raise _FaultError("The bundle is not the one whose digest the owner sent.")
    return "The bundle is the one whose digest the owner sent."


def _sums(path: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    for line in (path / layout.SUMS).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if not re.fullmatch("[0-9a-f]{64}", digest) or not name or name in sums:
            raise _FaultError(f"{layout.SUMS} has a line that is none of its own.")
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise _FaultError(f"{layout.SUMS} names a file outside the bundle.")
        sums[name] = digest
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
    expected = {*_sums(path), layout.SUMS}
    documents = {
        layout.RELEASE, layout.PRIVACY, layout.CROISSANT, layout.CARD, layout.SUMS,
    }  # fmt: skip
    if not documents <= expected:
        raise _FaultError("A document of the bundle is missing.")
    for file in path.rglob("*"):
        name = file.relative_to(path).as_posix()
        is_folder = file.is_dir() and name in {"data", layout.DATA}
        if file.is_symlink() or not (file.is_file() or is_folder):
            raise _FaultError(f"“{name}” does not belong to a bundle.")
        if file.is_file() and name not in expected:
            raise _FaultError(f"“{name}” is not among the checksums.")
    for name in expected - documents - {layout.LISTING, layout.ARRAYS}:
        folder, _, file_name = name.rpartition("/")
        if folder != layout.DATA or not _NAME.fullmatch(file_name):
            raise _FaultError(f"“{name}” does not belong to a bundle.")
    return "There is nothing but the records and the bundle's own documents."


def _documents(path: Path) -> str:
    import jsonschema

    schema = json.loads(resource("schemas/deployments-registry.json").read_text(encoding="utf-8"))
    privacy = _json(path, layout.PRIVACY)
    if next(jsonschema.Draft7Validator(schema).iter_errors(privacy), None) is not None:
        raise _FaultError(f"{layout.PRIVACY} does not follow the registry's schema.")
    release = _json(path, layout.RELEASE)
    stated = privacy["deployment"]["privacy_loss"].get("privacy_parameters", {}).get("epsilon")
    if stated != (None if release["epsilon"] is None else float(release["epsilon"])):
        raise _FaultError(f"{layout.PRIVACY} and {layout.RELEASE} state different ε.")
    if release["promise"] not in (path / layout.CARD).read_text(encoding="utf-8"):
        raise _FaultError(f"{layout.CARD} promises something else than {layout.RELEASE}.")
    return f"{layout.PRIVACY} follows the registry's schema, and all documents agree."


def _description(path: Path) -> str:
    problems = problems_of(path / layout.CROISSANT)
    if problems:
        raise _FaultError(f"{layout.CROISSANT}: {problems[0]}")
    return f"{layout.CROISSANT} is a Croissant 1.1 description."


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


def _metadata(path: Path) -> str:
    for file in (path / layout.DATA).iterdir():
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
    return "No record's file holds anything but its pixels or numbers."


def _arithmetic(path: Path) -> str:
    """Compute the stated figures anew, in decimal arithmetic of 50 digits."""
    release = _json(path, layout.RELEASE)
    parameters = release["parameters"]
    epsilon = parameters["epsilon"]["value"]
    if release["mechanism"] == "exact":
        if epsilon is not None or release["epsilon"] is not None:
            raise _FaultError("A release without a mechanism states an ε.")
        return "No ε is stated, and none applies."
    with localcontext() as context:
        context.prec = 50
        share = 1 - (-Decimal(epsilon) / int(release["records_per_unit"])).exp()
        odds = Decimal(epsilon).exp()
        if not _close(parameters["share_that_leaves"]["value"], share):
            raise _FaultError("The stated share that leaves is not 1 − e^(−ε/m).")
        if release["epsilon"] is None:
            return "The share that leaves follows from the parameters; no ε is claimed."
        if release["epsilon"] != epsilon:
            raise _FaultError("The stated ε is not the mechanism's.")
        if not _close(parameters["odds_factor"]["value"], odds):
            raise _FaultError("The stated odds factor is not e^ε.")
    return "The stated figures follow from ε and the number of records a unit may have."


def _promise(path: Path) -> str:
    """Hold the promise against the mechanism."""
    release = _json(path, layout.RELEASE)
    parameters = release["parameters"]
    claimed = release["epsilon"] is not None
    in_training = release["checkpoint"]["records_in_training"]
    if release["mechanism"] not in {"one-sided", "exact"}:
        raise _FaultError("The mechanism is not known here.")
    if claimed and release["mechanism"] != "one-sided":
        raise _FaultError("An ε is claimed for a release without a mechanism.")
    if release["mechanism"] == "exact" and release["promise"] != NO_PROMISE_EXACT:
        raise _FaultError("Something is promised for a release without a mechanism.")
    if claimed and in_training not in {"no", "dp"}:
        raise _FaultError("An ε is claimed although the records may have trained the checkpoints.")
    depends = (
        parameters["cut"]["value"] != "threshold"
        or parameters["cut"]["from"] == "viewed"
        or parameters["threshold"]["value"] is None
    )
    if claimed and depends:
        raise _FaultError("An ε is claimed although the threshold depends on the records.")
    if release["conditional"] != (release["mechanism"] == "one-sided" and depends):
        raise _FaultError("The release is not marked as conditional as its threshold demands.")
    if claimed != release["promise"].startswith(PROMISE_ONE_SIDED[:30]):
        raise _FaultError("The promise in words is not that of the mechanism.")
    if not claimed:
        return "Nothing is promised, and the bundle says so."
    return f"What is promised is what the mechanism gives: ε = {release['epsilon']} per unit."


def _json(path: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / name).read_text(encoding="utf-8"))
    return content


def _close(stated: float, computed: Decimal) -> bool:
    return abs(Decimal(stated) - computed) <= computed * Decimal("1e-12")
