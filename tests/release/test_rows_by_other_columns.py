"""One table, read by what several checkpoints take: its rows have one account, and pay for each."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.reference import SourceRef
from dataselect_gui.records.source import whole_rows_of
from tests.helpers import write_json
from tests.models import export
from tests.releases import release

pytestmark = pytest.mark.usefixtures("scoring_here")
HEADER = ("age", "hours", "weight", "who", "label")
ROWS = 40


def records(path: Path, *, first: int = 0) -> Path:
    drawn = np.random.default_rng(5)
    numbers = drawn.integers(0, 1000, (ROWS, 3)).tolist()
    rows = [(*map(str, row), f"p{n}", "no yes".split()[n % 2]) for n, row in enumerate(numbers)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows[first:]])
    return path


def model_of(folder: Path, *columns: str) -> Path:
    """Write a checkpoint that takes some columns, as the receiver may choose them."""
    torch.manual_seed(len(columns))
    export(folder / "model.pt2", nn.Linear(len(columns), 2), torch.zeros(2, len(columns)))
    write_json(folder / "config.json", {"id2label": {"0": "no", "1": "yes"}})
    listed = [{"column": name, "numeric": {"mean": 500, "scale": 300}} for name in columns]
    write_json(folder / "features.json", {"features": listed})
    return folder


def scored(tmp_path: Path, source: Path, *columns: str, unit_column: str | None = None) -> Path:
    name = "-".join(columns)
    project = tmp_path / f"{source.stem}-{name}.dataselect"
    model = model_of(tmp_path / f"model-{name}", *columns)
    workflow.score(
        source, model, JobContext(), names=["loss"], project_path=project, unit_column=unit_column
    )
    workflow.select_records(project, workflow.make_rule("loss", threshold="0"))
    return project


def hashes_of(where: SourceRef) -> NDArray[np.uint8]:
    hashes = whole_rows_of(open_source(where))
    assert hashes is not None
    return hashes


def spent(project: Path) -> Decimal:
    (account,) = workflow.ledger(project)
    return account.total_plain


OTHERS = [("hours", "age"), ("age", "weight"), ("weight",), ("age",)]


@pytest.mark.parametrize("columns", OTHERS)
def test_a_model_of_other_columns_finds_the_account_of_the_same_rows(
    tmp_path: Path, columns: tuple[str, ...]
) -> None:
    source = records(tmp_path / "t.csv")
    first = scored(tmp_path, source, "age", "hours")
    release(first, tmp_path / "one", mechanism="randomized-response", threshold_from="agreed")
    second = scored(tmp_path, source, *columns)
    assert spent(second) == 1
    asked = {"mechanism": "randomized-response", "threshold_from": "agreed", "budget": None}
    release(second, tmp_path / "two", **asked)
    assert spent(first) == spent(second) == 2


def test_rows_of_a_thinned_and_of_a_reordered_table_are_known_by_other_columns(tmp_path: Path) -> None:
    first = scored(tmp_path, records(tmp_path / "t.csv"), "age", "hours")
    release(first, tmp_path / "one", threshold_from="agreed")
    thinned = scored(tmp_path, records(tmp_path / "few.csv", first=30), "weight")
    assert spent(thinned) == 1
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = [{name: row[name] for name in reversed(HEADER)} for row in csv.DictReader(file)]
    lines = "".join(json.dumps(row) + "\n" for row in rows[::-1])
    (tmp_path / "moved.jsonl").write_text(lines, encoding="utf-8")
    assert spent(scored(tmp_path, tmp_path / "moved.jsonl", "weight", "age")) == 1


def test_one_sided_releases_by_other_columns_add_up(tmp_path: Path) -> None:
    """A row has one secret for each way in which it is known: absence from both tells of both."""
    source = records(tmp_path / "t.csv")
    projects = [scored(tmp_path, source, *columns) for columns in (("age", "hours"), ("age", "weight"))]
    for number, (project, epsilon) in enumerate([(p, e) for p in projects for e in ("1", "2")]):
        to = tmp_path / f"b{number}"
        budget = None if number else "9"
        release(project, to, epsilon=epsilon, threshold_from="agreed", budget=budget)
    assert spent(projects[0]) == spent(projects[1]) == 4  # The larger of each two.
    (account,) = workflow.ledger(projects[0])
    assert account.one_sided == 4


@pytest.mark.parametrize("per_unit", [1, 2])
def test_people_whose_rows_were_chosen_by_other_columns_are_not_left_out_unsaid(
    tmp_path: Path, per_unit: int
) -> None:
    """A person has one row here: where one may take part, that is the row by the first columns."""
    source = records(tmp_path / "t.csv")
    first, second = (
        scored(tmp_path, source, *columns, unit_column="who")
        for columns in (("age", "hours"), ("age", "weight"))
    )
    asked: dict[str, Any] = {"threshold_from": "agreed", "max_contributions": per_unit}
    release(first, tmp_path / "one", **asked)
    if per_unit == 1:
        for dry_run in (True, False):
            with pytest.raises(UnusableError, match="chosen at an earlier release"):
                release(second, tmp_path / "two", **asked, dry_run=dry_run)
        assert spent(second) == 1
    else:
        release(second, tmp_path / "two", **asked)
        assert spent(first) == spent(second) == 2


def test_texts_of_two_columns_are_parts_of_the_same_rows(tmp_path: Path) -> None:
    path = records(tmp_path / "t.csv")
    by_who, other = (hashes_of(SourceRef(path, text_column=name)) for name in ("who", "label"))
    assert np.array_equal(by_who, other)


@pytest.mark.parametrize("ending", ["parquet", "feather", "jsonl", "tsv"])
def test_a_row_is_the_same_in_any_form(tmp_path: Path, ending: str) -> None:
    import pyarrow as pa
    from pyarrow import feather, parquet

    with records(tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    path = tmp_path / f"t.{ending}"
    table = pa.table({name: [row[name] for row in rows] for name in HEADER})
    if ending == "parquet":
        parquet.write_table(table, path)
    elif ending == "feather":
        feather.write_feather(table, path)
    elif ending == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        path.write_text((tmp_path / "t.csv").read_text(encoding="utf-8").replace(",", "\t"))
    expected, hashes = (
        hashes_of(SourceRef(p, feature_columns=("age",))) for p in (tmp_path / "t.csv", path)
    )
    assert np.array_equal(expected, hashes)
    assert len({row.tobytes() for row in hashes}) == ROWS


def test_columns_that_no_model_reads_may_hold_anything(tmp_path: Path) -> None:
    """Pictures, lists of bytes, very long cells: they are part of the row, and nothing is refused."""
    import pyarrow as pa
    from pyarrow import parquet

    odd = {
        "age": ["1", "2", "3"],
        "picture": [b"\xff\x00", None, b"\xff\x01"],
        "several": [[b"\xfe"], [], None],
        "long": ["x" * (2 << 20), "", "y"],
        "when": pa.array([1, 2, 3], pa.timestamp("ns")),
    }
    parquet.write_table(pa.table(odd), tmp_path / "t.parquet")
    source = open_source(SourceRef(tmp_path / "t.parquet", feature_columns=("age",)))
    assert [json.loads(source.read(row)) for row in range(3)] == [{"age": n} for n in "123"]
    hashes = hashes_of(SourceRef(tmp_path / "t.parquet", feature_columns=("age",)))
    assert len({row.tobytes() for row in hashes}) == 3


def test_a_project_of_an_earlier_version_takes_up_its_whole_rows(tmp_path: Path) -> None:
    source = records(tmp_path / "t.csv")
    project = scored(tmp_path, source, "age", "hours")
    (written,) = project.glob("table-*/rows.npy")
    written.unlink()
    before = workflow.scores(project)
    assert Project.open(project).table.index.whole_rows is None
    model = tmp_path / "model-age-hours"
    workflow.score(source, model, JobContext(), names=["loss"], project_path=project)
    assert workflow.scores(project) == before
    assert Project.open(project).table.index.whole_rows is not None
