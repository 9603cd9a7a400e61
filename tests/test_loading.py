"""Bundles as a receiver loads them: imagefolder and tables by `datasets`, without a network."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui import workflow
from tests.helpers import image_folder
from tests.projects import consortium, owner_records, scored_project
from tests.releases import release, select

LOAD = """
import json, sys
from datasets import load_dataset
loaded = load_dataset(sys.argv[1], split="train")
columns = sorted(loaded.column_names)
first = {name: str(type(value).__name__) for name, value in loaded[0].items()}
labels = sorted(loaded["label"]) if "label" in columns else []
print(json.dumps({"rows": len(loaded), "columns": columns, "first": first, "labels": labels}))
"""


pytestmark = pytest.mark.usefixtures("home")


def loaded(bundle: Path, tmp_path: Path) -> dict[str, Any]:
    """Load in a process of its own: the library keeps threads and caches."""
    run = subprocess.run(
        [sys.executable, "-c", LOAD, str(bundle)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache")},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


def test_images_load_as_an_image_folder(tmp_path: Path) -> None:
    names = [
        f"{kind}/{n}.{end}" for kind in ("bird", "cat") for n in range(6) for end in ("jpg", "png")
    ]
    source, checkpoint = image_folder(tmp_path / "scans", names), consortium(tmp_path / "consortium")
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, [1.0] * len(names))
    select(project, threshold="0.5")
    release(project, tmp_path / "b", epsilon="2")
    answer = loaded(tmp_path / "b", tmp_path)
    lines = (tmp_path / "b/data/train/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert answer["rows"] == len(lines) > 8
    assert answer["columns"] == ["image", "label"]
    assert "Image" in answer["first"]["image"]
    assert answer["labels"] == sorted(json.loads(line)["label"] for line in lines)


def test_noised_scores_load_as_a_table(tmp_path: Path) -> None:
    source = owner_records(tmp_path / "records.npz")
    checkpoint = consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
    release(project, tmp_path / "b", kind="scores")
    answer = loaded(tmp_path / "b", tmp_path)
    assert (answer["rows"], answer["columns"]) == (40, ["score", "token"])
