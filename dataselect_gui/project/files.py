"""Write small files so that a crash leaves either the old content or the new."""

import json
from pathlib import Path
from typing import Any

from dataselect_gui.permissions import replacing


def write_atomically(path: Path, content: str) -> None:
    """Replace a text file's content at once, and have it on disk when this returns."""
    with replacing(path) as file:
        file.write(content.encode())


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401  (any JSON document)
    """Replace a JSON file's content at once."""
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
