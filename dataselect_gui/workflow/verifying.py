"""The receiver's check of a bundle, and its result as a page."""

from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.errors import UnusableError, WorkerDiedError, file_refused
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.paths import resolved
from dataselect_gui.permissions import replacing
from dataselect_gui.release.bundle import digest_of
from dataselect_gui.release.check_page import page_of
from dataselect_gui.release.documents import terms_of_document
from dataselect_gui.release.verify import Check
from dataselect_gui.texts import _
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import VerifyJob
from dataselect_gui.worker.results import BundleInspected, VerificationResult


@dataclass(frozen=True)
class Verified:
    """The result of checking a bundle.

    Attributes
    ----------
    checks : list of Check
        One per check.
    release : dict or None
        The bundle's ``release.json``; None where it cannot be trusted.
    """

    checks: list[Check]
    release: dict[str, object] | None

    @classmethod
    def of(cls, result: BundleInspected | VerificationResult) -> "Verified":
        """Make it from a result of the worker."""
        checks = [Check(check.name, check.ok, check.detail) for check in result.checks]
        return cls(checks, result.release)

    @property
    def promise(self) -> str | None:
        """The promise that the bundle states; None where it cannot be trusted."""
        return None if self.release is None else str(self.release.get("promise"))


def fallen() -> Verified:
    """Return the result where the checking process died."""
    check = Check(
        "check",
        ok=False,
        detail=_("The process that checked the bundle fell over it: it may be made to do harm."),
    )
    return Verified([check], None)


def verify(bundle: Path, digest: str | None = None, key: Path | None = None) -> Verified:
    """Check a bundle by its own content alone, in a confined process.

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
    job = VerifyJob(bundle=resolved(bundle), digest=digest, key=None if key is None else resolved(key))
    try:
        done = run_job(job, JobContext())
    except WorkerDiedError:
        return fallen()
    return Verified.of(done)


def write_page(bundle: Path, verified: Verified, to: Path) -> None:
    """Write the result of a check as one page.

    Raises
    ------
    UnusableError
        Where the page cannot be written.
    """
    terms, promise = None, _("Nothing that can be relied on.")
    if verified.release is not None:
        terms, promise = terms_of_document(verified.release), str(verified.promise)
    if resolved(to).is_relative_to(resolved(bundle)):
        raise UnusableError(
            _("The page cannot be written into the bundle."),
            _("It would become part of it."),
            _("Name a file elsewhere."),
        )
    # Reading a bundle that failed the first check may never end.
    digest = digest_of(bundle) if len(verified.checks) > 1 else _("not computed")
    page = page_of(terms, promise, verified.checks, digest)
    try:
        with replacing(to) as file:
            file.write(page.encode())
    except OSError as error:
        raise file_refused(to.name, error) from None
