"""Projects with scores made up, so that releases can be tested without a model."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions, StoredCheckpoint, StoredSource
from dataselect_gui.project.table import Index
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.reference import AS_THEY_ARE, LabelRule
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.tasks.answer_form import AnswerForm
from dataselect_gui.tasks.answers import Answers, Standing
from tests.helpers import array_file, hugging_face_folder, write_json


def owner_records(path: Path, count: int = 40, *, seed: int = 0) -> Path:
    """Write an array file of small grey images with two columns of units."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 6, 5), dtype=np.uint8)
    return array_file(
        path,
        x=pixels,
        y=np.arange(count) % 3,
        classes=np.array(["bird", "cat", "dog"]),
        patient=np.array([f"patient {row // 3}" for row in range(count)]),
    )


def consortium(folder: Path, **request: object) -> Path:
    """Write a checkpoint that can be found, with a request."""
    hugging_face_folder(folder)
    write_json(folder / "dataselect.json", {"score": "loss", "threshold": 0.5, **request})
    return folder


def scored_project(
    folder: Path,
    source: Path,
    checkpoint: Path,
    scores: Sequence[float] | None = None,
    unit_column: str | None = None,
    score: str = "loss",
    label_column: str | None = None,
    split: str | None = None,
    labels: LabelRule = AS_THEY_ARE,
    text_column: str | None = None,
) -> Path:
    """Make a project whose score is given, or else follows from each record alone."""
    ref = SourceRef(source.resolve(), label_column, unit_column, split, text_column, labels=labels)
    opened = open_source(ref)
    content = [content_hash(opened.read(row)) for row in range(len(opened.ids))]
    project = Project.create(
        folder,
        StoredSource.of(ref, opened.kind.name),
        StoredCheckpoint(str(checkpoint.resolve()), find_checkpoint(checkpoint).digest()),
    )
    hashes = np.array([list(digest) for digest in content], dtype=np.uint8)
    table = project.update_index(Index(opened.ids, opened.labels, opened.units, hashes))
    values = [own_score(digest) for digest in content] if scores is None else scores
    column = table.column(score)
    rows = np.arange(len(opened.ids))
    column.write(rows, np.array(values, dtype=np.float64))
    column.mark_done(rows)
    scored = find_score(score)
    conditions = Conditions(program="0.1.0", variant=scored.variant, device="none")
    if scored.needs_model:
        conditions = Conditions(
            fixed=True,
            program="0.1.0",
            variant=scored.variant,
            device="cpu",
            precision="float32",
            threads=1,
            batch=32,
        )
    project.scores[score] = conditions
    project.save()
    return folder


def answered(
    project: Path,
    answer: Callable[[int], int] = lambda row: row % 2,
    sure: float = 0.93,
    names: Sequence[str] = ("bird", "cat", "dog"),
) -> Path:
    """Have the model answer a class of each record, by its row; labels are names of these classes."""
    table = Project.open(project).table
    rows = np.arange(len(table.index.ids))
    classes = np.array([answer(row) for row in rows.tolist()], dtype=np.int32)
    same = [names[index] == label for index, label in zip(classes, table.index.labels, strict=True)]
    standings = np.where(same, Standing.SAME, Standing.OTHER).astype(np.uint8)
    numbers = np.full((len(rows), 1), sure, dtype=np.float32)
    kept = table.keep_answers(AnswerForm(names=list(names)))
    kept.write(rows, Answers(classes[:, None], numbers, standings))
    return project


def own_score(content: bytes) -> float:
    """Return a number in [0, 1) that depends on one record alone."""
    return int.from_bytes(hashlib.sha256(content).digest()[:6]) / 2**48
