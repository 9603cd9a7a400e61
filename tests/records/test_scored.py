"""Records as they were scored, read again."""

from pathlib import Path

import numpy as np

from dataselect_gui.records.opening import open_source
from dataselect_gui.records.scored import ScoredRecords
from dataselect_gui.records.source import SourceRef
from tests.helpers import array_file


def test_equal_names_are_kept_once(tmp_path: Path) -> None:
    pixels = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8)
    source = open_source(SourceRef(array_file(tmp_path / "r.npz", x=pixels, y=np.arange(3))))
    names = [str(row) for row in range(3)]
    assert source.ids is not names
    ScoredRecords(source, names, np.zeros((3, 32), dtype=np.uint8))
    assert source.ids is names
