"""Inputs that something was found by, each kept in one file that it can be tried again from."""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.values import Files

_ABOUT = "finding.json"


@dataclass(frozen=True)
class Finding:
    """An input, and what came of it.

    Attributes
    ----------
    kind : str
        Which.
    seed, number : int
        What it was made from.
    outcome, where : str
        What happened, and where.
    files : Files
        The input itself.
    """

    kind: str
    seed: int
    number: int
    outcome: str
    where: str
    files: Files


def keep_finding(folder: Path, finding: Finding) -> Path:
    """Write an input into a file and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    place = re.sub("[^A-Za-z0-9]+", "-", finding.where)[:40].strip("-")
    path = folder / f"{finding.kind}-{finding.seed}-{finding.number}-{finding.outcome}-{place}.zip"
    # A name in an input can be one that no archive holds.
    about = {**vars(finding), "files": list(finding.files)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_ABOUT, json.dumps(about, indent=1))
        for number, content in enumerate(finding.files.values()):
            archive.writestr(str(number), content)
    return path


def read_finding(path: Path) -> Finding:
    """Read an input that was kept."""
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read(_ABOUT))
        files = {name: archive.read(str(number)) for number, name in enumerate(about["files"])}
    return Finding(**{**about, "files": files})
