"""Write small files so that a crash leaves either the old content or the new."""

import json
import os
from pathlib import Path
from typing import Any


def write_atomically(path: Path, content: str) -> None:
    """Replace a text file's content at once, and have it on disk when this returns."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401  (any JSON document)
    """Replace a JSON file's content at once."""
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
