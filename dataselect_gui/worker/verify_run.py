"""Check a bundle, which may have been made to harm whoever checks it."""

import json
from pathlib import Path

from dataselect_gui.release.bundle import RELEASE
from dataselect_gui.release.signing import read_public
from dataselect_gui.release.verify import verify_bundle
from dataselect_gui.worker.jobs import VerifyJob
from dataselect_gui.worker.results import CheckResult, VerificationResult


def run_verification(job: VerifyJob) -> VerificationResult:
    """Check a bundle, with nothing but the bundle.

    Raises
    ------
    UnusableError
        Where the folder is no bundle, or the file is no key.
    """
    key = None if job.key is None else read_public(job.key)
    return checks_of(job.bundle, job.digest, key)


def checks_of(bundle: Path, digest: str | None, key: bytes | None) -> VerificationResult:
    """Return what was checked; and what the bundle says of its release, where that can be repeated."""
    checks = verify_bundle(bundle, digest, key)
    is_whole = all(check.ok for check in checks)
    release = json.loads((bundle / RELEASE).read_text(encoding="utf-8")) if is_whole else None
    results = [CheckResult(check.name, check.ok, check.detail) for check in checks]
    return VerificationResult(checks=results, release=release)
