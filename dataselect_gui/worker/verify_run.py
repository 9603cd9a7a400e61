"""Check a bundle, which may have been made to harm whoever checks it."""

import json
from pathlib import Path

import msgspec

from dataselect_gui.release.bundle import RELEASE
from dataselect_gui.release.signing import read_public
from dataselect_gui.release.verify import verify_bundle
from dataselect_gui.worker.messages import Finished, VerifyJob
from dataselect_gui.worker.results import BundleInspection


def run_verification(job: VerifyJob) -> Finished:
    """Check a bundle, with nothing but the bundle.

    Raises
    ------
    UnusableError
        Where the folder is no bundle, or the file is no key.
    """
    key = None if job.key is None else read_public(Path(job.key))
    found = inspect_bundle(Path(job.bundle), job.digest, key)
    return Finished(0, "none", stopped=False, content=msgspec.to_builtins(found))


def inspect_bundle(bundle: Path, digest: str | None, key: bytes | None) -> BundleInspection:
    """Return what was checked; and what the bundle says of its release, where that can be repeated."""
    checks = verify_bundle(bundle, digest, key)
    is_whole = all(check.ok for check in checks)
    release = json.loads((bundle / RELEASE).read_text(encoding="utf-8")) if is_whole else None
    return BundleInspection(problems=[], checks=checks, release=release)
