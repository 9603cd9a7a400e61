"""The receiver's check of a bundle, and its result as a page."""

import json
from collections.abc import Sequence
from pathlib import Path

from dataselect_gui.errors import UnusableError, file_refused
from dataselect_gui.permissions import replacing
from dataselect_gui.release.bundle import RELEASE, digest_of
from dataselect_gui.release.documents import terms_told
from dataselect_gui.release.page import page_of
from dataselect_gui.release.signing import read_public
from dataselect_gui.release.verify import Check, verify_bundle


def verify(bundle: Path, digest: str | None = None, key: Path | None = None) -> list[Check]:
    """Check a bundle, with nothing but the bundle.

    Parameters
    ----------
    bundle : Path
        Its folder.
    digest : str or None
        The digest that the owner sent separately.
    key : Path or None
        The owner's public key, known from elsewhere.

    Raises
    ------
    UnusableError
        Where the folder is no bundle, or the file is no key.
    """
    return verify_bundle(bundle, digest, None if key is None else read_public(key))


def write_page(bundle: Path, checks: Sequence[Check], to: Path) -> None:
    """Write the result of a check as one page.

    Raises
    ------
    UnusableError
        Where the page cannot be written.
    """
    terms, promise = None, "Nothing that can be relied on."
    if all(check.ok for check in checks):  # Or its own words are not worth repeating.
        told = json.loads((bundle / RELEASE).read_text(encoding="utf-8"))
        terms, promise = terms_told(told), str(told["promise"])
    if to.resolve().is_relative_to(bundle.resolve()):
        raise UnusableError(
            "The page cannot be written into the bundle.",
            "It would become part of it.",
            "Name a file elsewhere.",
        )
    # A bundle of which nothing was read may never end.
    digest = digest_of(bundle) if len(checks) > 1 else "not computed"
    page = page_of(terms, promise, checks, digest)
    try:
        with replacing(to) as file:
            file.write(page.encode())
    except OSError as error:
        raise file_refused(to.name, error) from None


def promise_told(bundle: Path, checks: Sequence[Check]) -> str | None:
    """Return what a bundle says that it promises; None where its word is not worth repeating."""
    if not all(check.ok for check in checks):
        return None
    told = json.loads((bundle / RELEASE).read_text(encoding="utf-8"))
    return str(told["promise"])
