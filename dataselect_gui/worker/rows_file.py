"""The file that tells the worker of records of a project, which it cannot see. No torch."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dataselect_gui.project.table import Index

_FILE = "rows.json"


def write_rows(folder: Path, index: Index, rows: Sequence[int]) -> None:
    """Write what the worker has to know of some records."""
    fields = {
        "ids": [index.ids[row] for row in rows],
        "labels": [index.labels[row] for row in rows],
        "content": index.content[list(rows)].tobytes().hex(),
    }
    (folder / _FILE).write_text(json.dumps(fields), encoding="utf-8")


def read_rows(folder: Path) -> Index:
    """Return the records, from 0 in the order in which they were written."""
    fields = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    content = np.frombuffer(bytes.fromhex(fields["content"]), dtype=np.uint8).reshape(-1, 32)
    return Index(fields["ids"], fields["labels"], None, content)
