"""Select, release and look into bundles, as tests do."""

import csv
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from dataselect_gui import workflow
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.images import decode_image
from dataselect_gui.release.bundle import RELEASE, SUMS
from dataselect_gui.release.verify import verify_bundle
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.workflow import Released, ReleaseRequest
from tests.helpers import write_json

silent = JobContext()
"""Takes progress and says nothing."""


def select(project: Path, **rule: object) -> list[str]:
    ids, _ = workflow.select_records(project, workflow.make_rule("loss", **rule))  # type: ignore[arg-type]
    return ids


def select_by(project: Path, form: object) -> list[str]:
    """Select by a rule on one record, in its written form."""
    ids, _ = workflow.select_records(project, read_rule(form))
    return ids


def release(project: Path, to: Path, **asked: object) -> Released:
    defaults = ReleaseRequest(to=to, epsilon="1", in_training="no", budget="4")
    return workflow.release(project, replace(defaults, **asked), silent)  # type: ignore[arg-type]


def files(bundle: Path) -> dict[str, bytes]:
    return {
        path.relative_to(bundle).as_posix(): path.read_bytes()
        for path in bundle.rglob("*")
        if path.is_file()
    }


def shown(bundle: Path) -> set[bytes]:
    """Return the pixels of the records in a bundle."""
    folder = bundle / "data" / "train"
    return {
        decode_image(path.read_bytes()).tobytes()
        for path in folder.iterdir()
        if path.name != "metadata.jsonl"
    }


def is_verified(bundle: Path) -> bool:
    failed = [check for check in verify_bundle(bundle) if not check.ok]
    assert not failed, failed
    return True


def document_of(bundle: Path) -> dict[str, Any]:
    """Return what a bundle says of its release."""
    document: dict[str, Any] = json.loads((bundle / RELEASE).read_text(encoding="utf-8"))
    return document


def table(bundle: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a table in a bundle."""
    with (bundle / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rebuild(bundle: Path, document: dict[str, Any] | None = None) -> None:
    """Make the checksums of a bundle fit again, where somebody changed it."""
    if document is not None:
        write_json(bundle / RELEASE, document)
    names = sorted(set(files(bundle)) - {SUMS, f"{SUMS}.sig"})
    sums = [f"{hashlib.sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (bundle / SUMS).write_text("".join(sums), encoding="utf-8")


def failed(bundle: Path) -> set[str]:
    """Return which checks of a bundle fail."""
    return {check.name for check in verify_bundle(bundle) if not check.ok}
