"""Several labels and numbers of a record are read in Explore as a person reads them."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.checkpoints.label_forms import shown_label
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import array_file
from tests.projects import consortium, scored_project


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ('["cat", "dog"]', "cat, dog"),
        ("[]", "none"),
        ('{"cat": "1", "dog": "0", "bird": ""}', "cat"),
        ('{"cat": "0.0", "dog": "-1", "bird": "1.0"}', "dog: -1, bird"),
        ('{"age": "3.5"}', "age: 3.5"),
        ("3.5", "3.5"),
        ("cat|dog", "cat|dog"),
        ("[cat", "[cat"),
    ],
)
def test_a_label_is_shown_without_its_brackets(label: str, shown: str) -> None:
    assert shown_label(label) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0.22477991196478597, "0.2248"),
        (-12345.678, "-1.235e+04"),
        (3.0, "3"),
        ([1 / 3, 2.0], "0.3333, 2"),
    ],
)
def test_numbers_are_shown_to_four_digits(
    window: MainWindow, tmp_path: Path, given: float | list[float], shown: str
) -> None:
    source = array_file(tmp_path / "a.npz", x=np.zeros((12, 6, 5), np.uint8), y=np.array([given] * 12))
    model = consortium(tmp_path / "consortium", task="regression")
    window.state.open(scored_project(tmp_path / "p.dataselect", source, model))
    assert window.state.look is not None
    assert window.state.look.label_of(0) == shown
    assert not window.explore.legend.isVisibleTo(window.explore)


@pytest.mark.parametrize(("task", "names"), [("multi_label", []), ("single_label", ["0", "1", "2"])])
def test_labels_that_are_no_classes_have_no_colours(
    window: MainWindow, tmp_path: Path, task: str, names: list[str]
) -> None:
    flags = np.eye(12, 3, dtype=np.uint8)
    classes = np.array(["bird", "cat", "dog"])
    y = {"y": flags, "classes": classes} if task == "multi_label" else {"y": np.arange(12) % 3}
    source = array_file(tmp_path / "a.npz", x=np.zeros((12, 6, 5), np.uint8), **y)
    model = consortium(tmp_path / "consortium", task=task)
    folder = scored_project(tmp_path / "p.dataselect", source, model)
    window.state.open(folder)
    assert window.state.class_names == names
    assert len(window.state.class_codes) == 12
    assert window.state.look is not None
    assert window.state.look.label_of(0) == ("bird" if task == "multi_label" else "0")
