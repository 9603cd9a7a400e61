"""A small model as a ``.pt2`` file, and changes of what is in such a file."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.exported.program import Program
from dataselect_gui.checkpoints.exported.reading import read_exported
from dataselect_gui.scoring.exported_model import load_exported
from dataselect_gui.scoring.graph import ExportedModel

CPU = torch.device("cpu")
Graph = dict[str, Any]
OF_STRANGE_FILES = [
    pytest.mark.timeout(60),
    pytest.mark.filterwarnings("ignore:Unable to execute the generated python source code:UserWarning"),
]
"""Marks of tests that have PyTorch read files that were changed."""
GRAPH = "model/models/model.json"
WEIGHTS = "model/data/weights/model_weights_config.json"


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.linear(inputs)
        return hidden.relu()


def rewritten(
    good: Path, folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED
) -> Path:
    """Copy an archive with some members replaced or added."""
    path = folder / "model.pt2"
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(path, "w", compression) as written:
        for name in dict.fromkeys((*archive.namelist(), *members)):
            written.writestr(name, members[name] if name in members else archive.read(name))
    return path


def read(path: Path) -> Program:
    return read_exported(path.name, path.read_bytes())


def with_graph(good: Path, folder: Path, change: Callable[[Graph], object]) -> Path:
    with zipfile.ZipFile(good) as archive:
        graph: Graph = json.loads(archive.read(GRAPH))
    change(graph)
    return rewritten(good, folder, {GRAPH: json.dumps(graph).encode()})


def nodes(graph: Graph) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = graph["graph_module"]["graph"]["nodes"]
    return listed


def loaded(path: Path) -> ExportedModel:
    """Load a file as the program does."""
    model, _ = load_exported(Member(path.parent, "exported", (path,), None, {}, None), CPU)
    return model


def load_and_run(path: Path) -> Tensor:
    output: Tensor = loaded(path)(torch.ones(3, 4))
    return output


def spec(kind: str, context: object, *parts: object) -> dict[str, object]:
    return {"type": kind, "context": json.dumps(context), "children_spec": list(parts)}
