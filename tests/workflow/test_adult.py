"""From a real table to a verified bundle, with checkpoints trained by the script beside the tests."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dataselect_gui import workflow
from dataselect_gui.checkpoints.features import features_of
from dataselect_gui.cli.app import main
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.worker.results import CheckpointInspected
from tests.checkpoints_made import adult
from tests.oracle import oracle
from tests.releases import is_verified

pytestmark = pytest.mark.usefixtures("home")
ROWS = 60


@pytest.fixture(scope="module")
def table(shared_data: Path) -> Path:
    return shared_data / "tabular" / "adult.csv"


@pytest.fixture(scope="module")
def models(table: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {name: adult.make(table, folder / name, name, most=2000) for name in adult.MODELS}


@pytest.fixture
def owner(table: Path, tmp_path: Path) -> Path:
    """Return a table of the owner's: rows that no model saw, with a person in each two of them."""
    rows = adult.read_rows(table, "test")[:ROWS]
    with (tmp_path / "owner.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "patient"], delimiter=";")
        writer.writeheader()
        writer.writerows({**row, "patient": str(n // 2)} for n, row in enumerate(rows))
    return tmp_path / "owner.csv"


def trained(folder: Path, name: str, step: int) -> tuple[nn.Module, dict[str, Any]]:
    """Return a state of a model by PyTorch alone, and what is stated of its features."""
    state = folder / f"checkpoint-{step}"
    stated = json.loads((state / "features.json").read_text())
    model = adult.MODELS[name][0](features_of(stated))
    model.load_state_dict(torch.export.load(state / "model.pt2").state_dict)
    return model.eval(), stated


def by_hand(
    stated: dict[str, Any], rows: list[dict[str, str]]
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the inputs of rows, as the documentation of features.json says."""
    inputs = []
    for row in rows:
        numbers: list[float] = []
        for feature in stated["features"]:
            cell = row[feature["column"]].strip()
            if "numeric" in feature:
                numbers.append((float(cell) - feature["numeric"]["mean"]) / feature["numeric"]["scale"])
                continue
            names = feature["categories"]
            place = names.index(cell) if cell in names else feature["unknown"]
            one_hot = [float(place == other) for other in range(len(names))]
            numbers += one_hot if feature["encoding"] == "one-hot" else [float(place)]
        inputs.append(numbers)
    return np.array(inputs).astype(np.float32)


def scores_of(project: Path) -> dict[str, Any]:
    return workflow.look(project).scores


@pytest.mark.parametrize("name", sorted(set(adult.MODELS) - {"binary"}))  # The oracle has classes.
def test_scores_are_those_of_a_loop_over_single_rows(
    models: dict[str, Path], owner: Path, tmp_path: Path, table: Path, name: str
) -> None:
    project = tmp_path / "p"
    done = workflow.score(
        owner,
        models[name],
        JobContext(),
        project_path=project,
        precision="float64",
        label_column="income",
    )
    assert done.scored == ROWS
    model, stated = trained(models[name], name, adult.STEPS)
    rows = adult.read_rows(table, "test")[:ROWS]
    inputs, targets = by_hand(stated, rows), [adult.CLASSES.index(row["income"]) for row in rows]
    expected = oracle(model, inputs, targets)
    scores = scores_of(project)
    for score, values in expected.items():
        np.testing.assert_allclose(scores[score], values, rtol=1e-9, atol=1e-12)
    assert ("vog" in scores) == ("plis" in scores) == (name == "one-hot")
    if name == "one-hot":
        spreads = vog_by_hand(models[name], inputs, targets)
        np.testing.assert_allclose(scores["vog"], spreads, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(scores["plis"], plis_by_hand(model, inputs, targets), rtol=1e-9)


def vog_by_hand(
    folder: Path, inputs: np.ndarray[Any, np.dtype[np.float32]], targets: list[int]
) -> list[float]:
    """Return the mean over the numbers of a row of the deviation of its logit's gradient."""
    states = [trained(folder, "one-hot", step)[0].double() for step in range(1, adult.STEPS + 1)]
    spreads = []
    for row, target in zip(inputs, targets, strict=True):
        gradients = []
        for state in states:
            x = torch.from_numpy(row).double().requires_grad_()
            (gradient,) = torch.autograd.grad(state(x[None])[0, target], x)
            gradients.append(gradient.numpy())
        spreads.append(float(np.std(gradients, axis=0).mean()))
    return spreads


def plis_by_hand(
    model: nn.Module, inputs: np.ndarray[Any, np.dtype[np.float32]], targets: list[int]
) -> list[float]:
    """Return the norm of the derivative, by a row's numbers, of the norm of its gradient."""
    model, sizes = model.double(), []
    for row, target in zip(inputs, targets, strict=True):
        x = torch.from_numpy(row).double().requires_grad_()
        loss = nn.functional.cross_entropy(model(x[None]), torch.tensor([target]))
        gradients = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
        norm = torch.cat([part.flatten() for part in gradients]).norm()
        (by_input,) = torch.autograd.grad(norm, x)
        sizes.append(float(by_input.norm()))
    return sizes


def test_no_derivative_is_taken_by_the_place_of_a_category(
    models: dict[str, Path], owner: Path, tmp_path: Path
) -> None:
    for score in ("vog", "plis", "vog-var", "plis-l1"):
        with pytest.raises(UsageError, match="place in a list"):
            workflow.score(
                owner,
                models["transformer"],
                JobContext(),
                names=[score],
                project_path=tmp_path / "p",
                label_column="income",
            )


def test_from_a_table_to_a_verified_bundle_in_the_terminal(
    models: dict[str, Path], owner: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project, bundle = tmp_path / "p", tmp_path / "b"

    def run(*arguments: object) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*map(str, arguments), "--json"]) == 0
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return said

    seen = run("inspect", owner, "--label-column", "income")
    assert seen["form"] == "rows"
    assert seen["records"] == seen["readable"] == ROWS
    assert seen["person"] == "patient"
    assert any("semicolons" in note for note in seen["notes"])
    held = run("inspect", models["one-hot"], "--records", owner, "--label-column", "income")
    assert held["preflight"]["features"][:2] == ["age", "education_num"]
    columns = ["--label-column", "income", "--unit-column", "patient"]
    done = run("score", owner, "--checkpoint", models["one-hot"], "--project", project, *columns)
    assert done["scored"] == ROWS
    run("select", project, "--by", "el2n", "--threshold", "0.1")
    asked = ["--epsilon", "1", "--threshold-source", "agreed", "--in-training", "no", "--budget", "4"]
    foreseen = run("release", project, "--to", bundle, *asked, "--dry-run")
    leaving = [
        item["field"] for item in foreseen["preview"]["leaves"] if item["file"].endswith(".parquet")
    ]
    assert leaving == [*adult.NUMBERS, *adult.CATEGORIES, "label"]
    run("release", project, "--to", bundle, *asked)
    assert is_verified(bundle)
    described = json.loads((bundle / "croissant.json").read_text())
    fields = [field["name"] for field in described["recordSet"][0]["field"]]
    assert fields == [*adult.NUMBERS, *adult.CATEGORIES, "label"]
    card = (bundle / "README.md").read_text()
    assert "tabular-classification" in card
    assert "ixel" not in card
    assert b"fnlwgt" not in b"".join(path.read_bytes() for path in bundle.rglob("*") if path.is_file())


def edited(owner: Path, column: str, *values: str) -> Path:
    """Write other values into the first rows of a column."""
    with owner.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    for row, value in zip(rows, values, strict=False):
        row[column] = value
    with owner.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return owner


def test_what_the_model_does_not_know_is_told_by_column_and_count(
    models: dict[str, Path], owner: Path, tmp_path: Path
) -> None:
    edited(owner, "race", "Martian", "Klingon", "")
    edited(owner, "workclass", "None of these", "Other")
    edited(owner, "age", "", "forty")
    model = models["one-hot"]
    seen = workflow.inspect(model, SourceRef(owner, "income"), JobContext())
    assert isinstance(seen, CheckpointInspected)
    notes = seen.preflight.notes
    assert any("“race”: 3 rows" in note and "no score" in note for note in notes)
    assert any("“workclass”: 2 rows" in note and "does not know" in note for note in notes)
    assert any("“age”: 1 row has no value;" in note for note in notes)
    assert not any("Martian" in note or "forty" in note for note in notes)
    done = workflow.score(
        owner, model, JobContext(), names=["loss"], project_path=tmp_path / "p", label_column="income"
    )
    assert sorted(done.problems) == ["0", "1", "2"]
    assert "“race”" in done.problems["0"]
    assert "Martian" not in done.problems["0"]
    assert done.scored == ROWS - 3
    assert set(notes) <= set(done.notes)


def test_numbers_in_another_unit_are_told(models: dict[str, Path], owner: Path) -> None:
    edited(owner, "age", *(str(12 * 40 + n) for n in range(ROWS)))
    seen = workflow.inspect(models["mlp"], SourceRef(owner, "income"), JobContext())
    assert isinstance(seen, CheckpointInspected)
    (note,) = [note for note in seen.preflight.notes if "“age”" in note]
    assert "same unit" in note


def test_a_table_without_a_column_of_the_model_is_refused_before_anything_is_made(
    models: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("age,label\n1,<=50K\n")
    with pytest.raises(UnusableError, match="lacks 10 columns"):
        workflow.score(tmp_path / "t.csv", models["mlp"], JobContext(), project_path=tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_rows_need_a_checkpoint_that_says_how_they_are_read(
    models: dict[str, Path], owner: Path, tmp_path: Path
) -> None:
    import shutil

    bare = tmp_path / "bare"
    shutil.copytree(models["mlp"], bare)
    for path in bare.rglob("features.json"):
        path.unlink()
    with pytest.raises(UnusableError, match=r"no features\.json"):
        workflow.score(owner, bare, JobContext(), project_path=tmp_path / "p", label_column="income")
    assert not (tmp_path / "p").exists()
