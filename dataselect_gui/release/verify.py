"""The receiver's check of a bundle, by the bundle alone.

A bundle may have been made to harm whoever checks it. So only plain files of a bounded size are opened,
no document goes to a parser that follows URLs, and every document must equal, word for word, the one
that the program writes for such a release.
"""

import hashlib
import json
import math
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from dataselect_gui import __version__
from dataselect_gui.errors import FaultError, UnusableError
from dataselect_gui.plain import shown
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.records.forms import limits as file_limits
from dataselect_gui.records.forms.form import DATA
from dataselect_gui.records.forms.labels_said import labels_said
from dataselect_gui.records.kinds import FORMS, form_in
from dataselect_gui.release import bundle as layout
from dataselect_gui.release import limits, signing
from dataselect_gui.release.card import card
from dataselect_gui.release.checks.stated import Stated, is_close
from dataselect_gui.release.croissant import describe, problems_of
from dataselect_gui.release.documents import (
    claimed_delta,
    document_text,
    privacy_document,
    release_document,
    terms_of_document,
)
from dataselect_gui.release.guarantees import not_protected, promise
from dataselect_gui.release.kinds.gradient import GRADIENT
from dataselect_gui.release.registry import KINDS, registered
from dataselect_gui.release.terms import Terms
from dataselect_gui.release.viewed import rests_on_a_view, rests_on_late_marks
from dataselect_gui.resources import resource
from dataselect_gui.texts import _, english

_NAME = re.compile(r"[0-9a-f]{32}\.([a-z0-9]+)")
_HEAD = re.compile("[0-9a-f]{64}")
_DOCUMENTS = {layout.RELEASE, layout.PRIVACY, layout.CROISSANT, layout.CARD}
_FOLDERS = ("data", DATA)
_FORMS = {form.listing: form for form in FORMS}
_LISTINGS = {*_FORMS, *(kind.file for kind in KINDS.values())}
_SLACK = 1 << 20
"""Bytes that checksums may have beyond those of what is there, and packed numbers beyond their own."""
_ROUNDING = 1e-12
"""The relative difference of the same number between machines."""


@dataclass(frozen=True)
class Check:
    """The result of one check.

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
            _("“{name}” is not a bundle.", name=path.name),
            _("It has no {sums} or no {release}.", sums=layout.SUMS, release=layout.RELEASE),
            _("Choose the folder that the owner sent, whole."),
        )
    plain = _run("stray files", lambda: _plain_files(path))
    if not plain.ok:
        return [plain]
    checks: list[tuple[str, Callable[[], str]]] = [
        ("checksums", lambda: _checksums(path)),
        ("stray files", lambda: _strays(path)),
        ("documents", lambda: _documents(path)),
        ("description", lambda: _description(path)),
        ("content", lambda: _content(path)),
        ("metadata", lambda: _terms(path).kind.check_metadata(path)),
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
    except Exception as error:  # A hostile bundle can raise any error in any parser.
        return Check(name, False, _("It cannot be checked: {error}.", error=type(error).__name__))


def _plain_files(path: Path) -> str:
    """Refuse everything but folders and plain files of a bounded size.

    Only folders that a bundle has are entered.
    """
    names = 0
    for file in _all_in(path):
        name = file.relative_to(path).as_posix()
        info = file.lstat()
        if stat.S_ISDIR(info.st_mode) and name not in _FOLDERS:
            raise FaultError(
                _("“{name}” does not belong to a bundle. Nothing was read.", name=shown(name))
            )
        if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
            raise FaultError(_("“{name}” is no file. Nothing was read.", name=shown(name)))
        if stat.S_ISREG(info.st_mode) and name != layout.SUMS:
            names += len(f"{'0' * 64}  {name}\n".encode("utf-8", "replace"))
            if info.st_size > _most(name):
                raise FaultError(
                    _("“{name}” is larger than it can be. Nothing was read.", name=shown(name))
                )
    if (path / layout.SUMS).stat().st_size > names + _SLACK:
        raise FaultError(_("{sums} lists more than there is. Nothing was read.", sums=layout.SUMS))
    return _("There is nothing but files.")


def _all_in(path: Path) -> Iterator[Path]:
    """Yield the paths in a bundle and in those of its folders that a bundle has."""
    for folder in (path, *(path / name for name in _FOLDERS)):
        if stat.S_ISDIR(_mode(folder)):
            yield from folder.iterdir()


def _mode(path: Path) -> int:
    """Return the file mode of a path, without following links; 0 where there is nothing."""
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _most(name: str) -> int:
    """Return how many bytes a file of a bundle may have."""
    if name in {*_DOCUMENTS, layout.SIGNATURE}:
        return limits.MOST_DOCUMENT
    if name == GRADIENT:
        return file_limits.MOST_ARRAY_BYTES + (file_limits.MOST_ARRAY_BYTES >> 8) + _SLACK
    return _FORMS[name].most_listing if name in _FORMS else file_limits.MOST_FILE


def _signature(path: Path, key: bytes | None) -> str:
    if not signing.is_signed(path):
        raise FaultError(_("The bundle is not signed."))
    signer = signing.signed_by(path)
    if signer is None:
        raise FaultError(_("The signature is not one of this bundle."))
    if key is None:
        return _(
            "Signed by the key {signer}; whose key that is, this check cannot know.",
            signer=signer.hex(),
        )
    if signer != key:
        raise FaultError(_("The bundle was signed by another key than the owner's."))
    return _("The bundle was signed by the owner's key.")


def _digest(path: Path, digest: str) -> str:
    if layout.digest_of(path) != digest.strip().lower():
        raise FaultError(_("The bundle is not the one whose digest the owner sent."))
    return _("The bundle is the one whose digest the owner sent.")


def _sums(path: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    text = (path / layout.SUMS).read_bytes().decode("utf-8")
    for line in text.split("\n")[:-1]:
        digest, _blank, name = line.partition("  ")
        if not re.fullmatch("[0-9a-f]{64}", digest) or not name or name in sums:
            raise FaultError(_("{sums} has a line that is none of its own.", sums=layout.SUMS))
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise FaultError(_("{sums} names a file outside the bundle.", sums=layout.SUMS))
        sums[name] = digest
    if text != layout.listing_of(sums):
        raise FaultError(_("{sums} is not as a bundle's is written.", sums=layout.SUMS))
    return sums


def _checksums(path: Path) -> str:
    sums = _sums(path)
    for name, digest in sums.items():
        file = path / name
        if not file.is_file():
            raise FaultError(_("“{name}” is missing.", name=shown(name)))
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != digest:
                raise FaultError(_("“{name}” was changed.", name=shown(name)))
    return _("All {count:,} files are as they were written.", count=len(sums))


def _strays(path: Path) -> str:
    expected = set(_sums(path))
    if not expected >= _DOCUMENTS:
        raise FaultError(_("A document of the bundle is missing."))
    allowed = {*expected, layout.SUMS, layout.SIGNATURE}
    folders = {parent.as_posix() for name in expected for parent in Path(name).parents}
    for file in _all_in(path):
        name = file.relative_to(path).as_posix()
        if file.is_dir() and name not in folders:
            raise FaultError(_("“{name}” does not belong to a bundle.", name=shown(name)))
        if file.is_file() and name not in allowed:
            raise FaultError(_("“{name}” is not among the checksums.", name=shown(name)))
    kinds = expected & _LISTINGS
    if len(kinds) != 1:
        raise FaultError(_("The bundle does not hold content of exactly one kind."))
    (listing,) = kinds
    extensions = _FORMS[listing].encodings if listing in _FORMS else {}
    for name in expected - _DOCUMENTS - kinds:
        folder, _slash, file_name = name.rpartition("/")
        record = _NAME.fullmatch(file_name)
        if folder != DATA or record is None or record[1] not in extensions:
            raise FaultError(_("“{name}” does not belong to a bundle.", name=shown(name)))
    return _("There is nothing but what the release is about and the bundle's own documents.")


def _documents(path: Path) -> str:
    """Compare every document, word for word, with the one that follows from the terms."""
    import jsonschema

    privacy = _json(path, layout.PRIVACY)
    release, terms = _json(path, layout.RELEASE), _terms(path)
    head = release["ledger_head"]
    if not _HEAD.fullmatch(head):
        raise FaultError(_("{release} is not built as it should be.", release=layout.RELEASE))
    form = form_in(path)
    labels = None if form is None else labels_said(form.labels(path))
    agree = {
        layout.RELEASE: _same(release, release_document(terms, head)),
        layout.PRIVACY: _same(privacy, privacy_document(terms)),
        layout.CARD: (path / layout.CARD).read_bytes() == card(terms, form, labels).encode(),
    }
    for name, agrees in agree.items():
        if not agrees:
            raise FaultError(
                _(
                    "{name} does not say what the program says of such a release.{by}",
                    name=name,
                    by=_by(terms),
                )
            )
    schema = json.loads(resource("schemas/deployments-registry.json").read_text(encoding="utf-8"))
    if next(jsonschema.Draft7Validator(schema).iter_errors(privacy), None) is not None:
        raise FaultError(_("{privacy} does not follow the registry's schema.", privacy=layout.PRIVACY))
    return _(
        "{privacy} follows the registry's schema, and all documents agree, word for word.",
        privacy=layout.PRIVACY,
    )


def _description(path: Path) -> str:
    terms, sums = _terms(path), _sums(path)
    data = {name: digest for name, digest in sums.items() if name not in _DOCUMENTS}
    (listing,) = data.keys() & _LISTINGS
    fields = _FORMS[listing].described(path) if listing in _FORMS else ()
    # Compared before the library parses it, since the library would follow URLs in it.
    if (path / layout.CROISSANT).read_bytes() != describe(terms, data, listing, fields).encode():
        raise FaultError(
            _(
                "{croissant} does not describe what is here.{by}",
                croissant=layout.CROISSANT,
                by=_by(terms),
            )
        )
    problems = problems_of(path / layout.CROISSANT)
    if problems:
        raise FaultError(_("{croissant}: {problem}", croissant=layout.CROISSANT, problem=problems[0]))
    return _("{croissant} is a Croissant 1.1 description of what is here.", croissant=layout.CROISSANT)


def _content(path: Path) -> str:
    """Check the content by the kind of release."""
    terms = _terms(path)
    for kind in KINDS.values():
        if not isinstance(terms.kind, kind) and kind.file in _sums(path):
            raise FaultError(
                _(
                    "“{file}” is not what a release of {name} holds.",
                    file=kind.file,
                    name=terms.kind.name,
                )
            )
    return terms.kind.check(path, terms)


def _by(terms: Terms) -> str:
    """Return a sentence on what wrote the bundle, whose texts may be those of another program."""
    if terms.program == __version__:
        return _(" It was changed, or an older program wrote it: its owner can release the same again.")
    return _(
        " It was written by version {program}; check it with that one, not {version}.",
        program=terms.program,
        version=__version__,
    )


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
    """Recompute the stated figures by the mechanism's own check."""
    terms, release = _terms(path), _json(path, layout.RELEASE)
    parameters = release["parameters"]
    stated = Stated(
        epsilon=_amount(parameters, "epsilon"),
        delta=_amount(parameters, "delta"),
        max_contributions=release["records_per_unit"],
        parameters=parameters,
    )
    registered(terms.kind.name, terms.mechanism.name).check(stated)
    if stated.epsilon is None:
        return _("No ε is stated, and none applies.")
    # The check refuses too little noise; the digits of a larger scale could hide data.
    scale = terms.mechanism.form["noise_scale"]
    needed = terms.mechanism.at(stated.epsilon).form["noise_scale"]
    if needed is not None and not math.isclose(scale or 0.0, needed, rel_tol=_ROUNDING):
        raise FaultError(
            _("The stated noise is not the program's for the stated ε.{by}", by=_by(terms))
        )
    if not terms.claims:
        return _("The stated figures follow from the parameters; no ε is claimed.")
    with localcontext() as context:
        context.prec = 50
        beside = (_amount(parameters, name) for name in ("threshold_epsilon", "rule_epsilon"))
        odds = (stated.epsilon + sum(amount or 0 for amount in beside)).exp()
        if not is_close(stated.number("odds_factor"), odds):
            raise FaultError(_("The stated odds factor is not e^ε."))
    return _("The stated ε and δ follow from the stated noise and from how far one unit can move it.")


def _amount(parameters: dict[str, Any], name: str) -> Decimal | None:
    value = parameters[name]["value"] if name in parameters else None
    return None if value is None else Decimal(value)


def _promise(path: Path) -> str:
    """Compare the stated promise with the mechanism's."""
    release, terms = _json(path, layout.RELEASE), _terms(path)
    mechanism, cut = terms.mechanism, terms.cut
    claimed = release["epsilon"] is not None
    if claimed and mechanism.epsilon is None:
        raise FaultError(_("An ε is claimed for a release without a mechanism."))
    if claimed and terms.in_training not in {"no", "dp"}:
        raise FaultError(_("An ε is claimed although the records may have trained the checkpoints."))
    depends = rests_on_a_view(terms) or rests_on_late_marks(terms)
    if claimed and depends:
        raise FaultError(_("An ε is claimed although the threshold depends on the records."))
    if terms.conditional != depends:
        raise FaultError(_("The release is not marked as conditional as its threshold demands."))
    if terms.is_bought != (cut is not None and cut.epsilon is not None):
        raise FaultError(_("A bought threshold is not counted, or one is counted that was not bought."))
    expected = None if terms.claimed is None else exact(terms.claimed)
    if release["epsilon"] != expected or release["delta"] != claimed_delta(terms):
        raise FaultError(_("The stated ε or δ is not the mechanism's."))
    with english():
        promised, uncovered = promise(terms), not_protected(terms)
    if release["promise"] != promised:
        raise FaultError(_("The promise in words is not that of the mechanism."))
    if release["not_protected"] != uncovered:
        raise FaultError(_("What is said not to be protected is not what the mechanism leaves open."))
    if not claimed:
        return _("Nothing is promised, and the bundle says so.")
    delta = "" if mechanism.delta is None else f", δ = {exact(mechanism.delta)}"
    return _(
        "What is promised is what the mechanism gives: ε = {expected}{delta} per unit.",
        expected=expected,
        delta=delta,
    )


def _terms(path: Path) -> Terms:
    try:
        return terms_of_document(_json(path, layout.RELEASE))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise FaultError(_("{release} is not built as it should be.", release=layout.RELEASE)) from None


def _json(path: Path, name: str) -> dict[str, Any]:
    """Read a document; refuse any form but the program's canonical one."""
    text = (path / name).read_bytes().decode("utf-8")
    content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    if not isinstance(content, dict):
        raise FaultError(_("{name} is not built as it should be.", name=name))
    # Blanks, or other spellings of a number or a letter, could hide data.
    if text != document_text(content):
        raise FaultError(_("{name} is not written as such a document is.", name=name))
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _value in pairs}) < len(pairs):
        raise FaultError(_("A document says something twice."))
    return dict(pairs)


def _no_number(name: str) -> float:
    raise FaultError(_("A document holds {name} for a number.", name=name))
