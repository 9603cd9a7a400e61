"""The receiver finds what was tampered with, and what a mechanism does not promise."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui import workflow
from tests.cli.shell import Shell
from tests.helpers import write_json

pytestmark = pytest.mark.usefixtures("workplace")


def tampered(bundle: Path, kind: str) -> None:
    data = bundle / "data/train"
    first = next(path for path in sorted(data.iterdir()) if path.suffix == ".png")
    match kind:
        case "flip":
            content = bytearray(first.read_bytes())
            content[-20] ^= 1
            first.write_bytes(content)
        case "drop":
            first.unlink()
        case "stray":
            (data / "patients.csv").write_text("Mrs Smith")
        case "swap":
            second = sorted(data.glob("*.png"))[1]
            of_first, of_second = first.read_bytes(), second.read_bytes()
            first.write_bytes(of_second)
            second.write_bytes(of_first)
        case "cut":
            first.write_bytes(first.read_bytes()[:-9])
        case "pipe":
            os.mkfifo(data / "queue")
        case "claim":
            release = json.loads((bundle / "release.json").read_text(encoding="utf-8"))
            write_json(bundle / "release.json", {**release, "epsilon": "0.1"})


@pytest.mark.parametrize("kind", ["flip", "drop", "stray", "swap", "cut", "pipe", "claim"])
def test_a_tampered_bundle_is_found(shell: Shell, project: Path, tmp_path: Path, kind: str) -> None:
    shell("select", project, "--by", "loss", "--threshold", "0.1")
    asked = ("--epsilon", "2", "--in-training", "no", "--budget", "4", "--threshold-source", "agreed")
    shell("release", project, "--to", "b", *asked)
    tampered(tmp_path / "b", kind)
    shell("verify", "b", expect=5)


@pytest.mark.parametrize(
    ("change", "found_by"),
    [
        ({"epsilon": "0.1"}, "documents"),
        ({"parameters": {"share_that_leaves": {"value": 0.9}}}, "arithmetic"),
        ({"parameters": {"odds_factor": {"value": 1.01}}}, "arithmetic"),
        ({"parameters": {"cut": {"value": "count", "from": "viewed"}}}, "promise"),
        ({"checkpoint": {"records_in_training": "yes"}}, "promise"),
        ({"mechanism": "exact"}, "promise"),
        ({"promise": "Perfectly safe and anonymous."}, "promise"),
    ],
)
def test_a_promise_that_the_mechanism_does_not_give_is_found(
    shell: Shell, project: Path, tmp_path: Path, change: dict[str, Any], found_by: str
) -> None:
    """Also where whoever changed the bundle made its checksums fit again."""
    import hashlib

    shell("select", project, "--by", "loss", "--threshold", "0.5")
    shell("release", project, "--to", "b", "--epsilon", "1", "--in-training", "no", "--budget", "4")
    path = tmp_path / "b/release.json"
    release = json.loads(path.read_text(encoding="utf-8"))
    for key, value in change.items():
        if isinstance(value, dict):
            for inner, entry in value.items():
                release[key][inner] = (
                    {**release[key][inner], **entry} if isinstance(entry, dict) else entry
                )
        else:
            release[key] = value
    write_json(path, release)
    sums = tmp_path / "b/SHA256SUMS"
    lines = [line.split("  ")[1] for line in sums.read_text(encoding="utf-8").splitlines()]
    sums.write_text(
        "".join(
            f"{hashlib.sha256((tmp_path / 'b' / n).read_bytes()).hexdigest()}  {n}\n" for n in lines
        ),
        encoding="utf-8",
    )
    failed = {check.name for check in workflow.verify(tmp_path / "b").checks if not check.ok}
    assert found_by in failed
    assert "checksums" not in failed


def test_the_digest_shows_a_rebuilt_bundle(shell: Shell, project: Path) -> None:
    shell("select", project, "--by", "loss", "--threshold", "0.5")
    shell("release", project, "--to", "b", "--epsilon", "1", "--in-training", "no", "--budget", "4")
    shell("verify", "b", "--digest", "0" * 64, expect=5)


def test_a_bundle_loads_as_croissant(shell: Shell, project: Path, tmp_path: Path) -> None:
    import mlcroissant

    shell("select", project, "--by", "loss", "--threshold", "0.1")
    asked = ("--epsilon", "4", "--in-training", "no", "--budget", "4", "--threshold-source", "agreed")
    shell("release", project, "--to", "b", *asked)
    dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "b/croissant.json"))
    assert dataset.metadata.ctx.conforms_to.value == "http://mlcommons.org/croissant/1.1"
    rows = list(dataset.records("train"))
    listed = (tmp_path / "b/data/train/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) == len(listed) > 20
    labels = [json.loads(line)["label"] for line in listed]
    assert sorted(row["train/label"].decode() for row in rows) == sorted(labels)
    assert all(np.asarray(row["train/image"]).shape[:2] == (6, 5) for row in rows)
