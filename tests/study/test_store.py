from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.study.store import RESULTS, Store


def test_a_result_is_there_with_its_arrays_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.study", {"records": "a"})
    assert not store.has("one")
    store.write("one", {"accuracy": 0.5}, loss=np.arange(3.0))
    again = Store(tmp_path / "s.study", {"records": "a"})
    assert again.read("one", dict[str, float]) == {"accuracy": 0.5}
    np.testing.assert_array_equal(again.arrays("one")["loss"], [0, 1, 2])


def test_another_setting_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "s.study", {"records": "a"})
    with pytest.raises(UnusableError, match="something else"):
        Store(tmp_path / "s.study", {"records": "b"})


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UnusableError, match="something else"):
        Store(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_damaged_result_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.study", {})
    store.write("one", {})
    (tmp_path / "s.study" / RESULTS / "one.json").write_text("{")
    with pytest.raises(UnusableError, match=r"one\.json"):
        store.read("one", dict[str, float])


def test_two_processes_do_not_work_on_one_study(tmp_path: Path) -> None:
    first, second = Store(tmp_path / "s.study", {}), Store(tmp_path / "s.study", {})
    with first.exclusive(), pytest.raises(UnusableError, match="in use"), second.exclusive():
        pass
    with second.exclusive():
        pass
