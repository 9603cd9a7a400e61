"""From a real folder to a verified bundle in the window, for each kind of record and task."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dataselect_gui.project.project import Project
from dataselect_gui.window.shell.main_window import MainWindow
from tests.checkpoints_made import adult, garments, sst2
from tests.drive.kinds import cases, walk

pytestmark = pytest.mark.slow
COUNT = 40

Walk = Callable[[str], tuple[Path, Project]]


@pytest.fixture
def made(tmp_path: Path, shared_data: Path) -> Callable[[str], Path]:
    """Train a checkpoint for a few steps, where the cases look for it; return their folder."""
    folder = tmp_path / "made"

    def train(name: str) -> Path:
        table = shared_data / "tabular/adult.csv"
        match name:
            case "images":
                pass  # It is shared.
            case "rows":
                adult.make(table, folder / "adult/mlp", "mlp", most=2000)
            case "rows-binary":
                adult.make(table, folder / "adult/binary", "binary", most=2000)
            case "texts":
                sst2.write_bert(shared_data / "text/sst2.csv", folder / "sst2", epochs=2, most=300)
            case "pairs" | "columns":
                of_pairs = folder / "garments/garment-pairs"
                garments.train_pairs(garments.Garments(shared_data), of_pairs, steps=10)
            case "numbers":
                brightness = folder / "garments/brightness"
                garments.train_brightness(garments.Garments(shared_data), brightness, steps=10)
            case _:
                raise ValueError(name)
        return folder

    return train


@pytest.fixture
def go(window: MainWindow, tmp_path: Path, shared_data: Path, made: Callable[[str], Path]) -> Walk:
    """Walk a case; return the bundle and the project."""

    def walked(name: str) -> tuple[Path, Project]:
        window.resize(1360, 860)
        folder = tmp_path / "owner"
        folder.mkdir()
        bundle = walk(cases(shared_data, made(name), COUNT)[name], folder, window)
        assert window.state.look is not None
        return bundle, Project.open(window.state.look.folder)

    return walked


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_images(go: Walk) -> None:
    bundle, project = go("images")
    listed = lines(bundle / "data/train/metadata.jsonl")
    assert all((bundle / "data/train" / line["file_name"]).is_file() for line in listed)
    assert {line["label"] for line in listed} <= set(project.table.index.labels)


def test_rows(go: Walk) -> None:
    bundle, project = go("rows")
    source = project.settings.source
    assert source.label_column == "income"
    assert source.feature_columns == (*adult.NUMBERS, *adult.CATEGORIES)
    assert (bundle / "data/train/records.parquet").is_file()


def test_rows_and_one_number(go: Walk) -> None:
    bundle, project = go("rows-binary")
    assert project.settings.source.labels.classes == (("<=50K", "not >50K"),)
    assert (bundle / "data/train/records.parquet").is_file()


def test_texts(go: Walk) -> None:
    bundle, project = go("texts")
    assert project.settings.source.text_column == "sentence"
    leaving = lines(bundle / "data/train/texts.jsonl")
    assert leaving
    assert {line["label"] for line in leaving} <= set(sst2.CLASSES)


def test_pairs_of_garments(go: Walk) -> None:
    bundle, _project = go("pairs")
    labels = [json.loads(line["label"]) for line in lines(bundle / "data/train/metadata.jsonl")]
    assert labels
    assert all(1 <= len(label) <= 2 for label in labels)


def test_a_column_for_each_class(go: Walk, shared_data: Path) -> None:
    bundle, project = go("columns")
    names = garments.Garments(shared_data).names
    assert project.settings.source.labels.columns == names
    # Where something is not known, what is known leaves by its name.
    for line in lines(bundle / "data/train/metadata.jsonl"):
        label = json.loads(line["label"])
        assert set(label) <= set(names[2:] if isinstance(label, dict) else names)


def test_numbers(go: Walk) -> None:
    bundle, project = go("numbers")
    given = {float(label) for label in project.table.index.labels if label is not None}
    leaving = {float(line["label"]) for line in lines(bundle / "data/train/metadata.jsonl")}
    assert leaving
    assert leaving <= given
