"""Train small models on UCI Adult, as a consortium would share them: ``.pt2`` with ``features.json``.

``python -m tests.checkpoints_made.adult ADULT.csv FOLDER`` writes ``mlp``, ``one-hot``,
``transformer`` and ``binary``, of one number, each a series of three states. They are trained on the
rows of ``split`` train; those of test are the owner's.
"""

import csv
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dataselect_gui.checkpoints.features import Features, features_of
from dataselect_gui.records.cell_text import own_cell

NUMBERS = ("age", "education_num", "capital_gain", "capital_loss", "hours_per_week")
CATEGORIES = ("workclass", "marital_status", "occupation", "relationship", "race", "sex")
CLASSES = ("<=50K", ">50K")
STEPS = 3
_SEED = 15


class Mlp(nn.Module):
    """Two layers over numbers."""

    def __init__(self, width: int, outputs: int = len(CLASSES)) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, 64)
        self.middle = nn.Linear(64, 32)
        self.head = nn.Linear(32, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.hidden(x))
        head: Tensor = self.head(torch.relu(self.middle(x)))
        return head


class FeatureTransformer(nn.Module):
    """After the FT-Transformer (arXiv 2106.11959): a token for each feature, and one to classify by.

    Numbers come first in the input; then indices of categories, as numbers.
    """

    def __init__(self, numbers: int, sizes: Sequence[int], width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.numbers, self.heads = numbers, heads
        self.scale = nn.Parameter(torch.randn(numbers, width) / width**0.5)
        self.shift = nn.Parameter(torch.zeros(numbers, width))
        self.embedding = nn.Embedding(sum(sizes), width)
        self.starts: Tensor
        self.register_buffer("starts", torch.tensor([0, *np.cumsum(sizes)[:-1]]))
        self.first = nn.Parameter(torch.randn(1, 1, width) / width**0.5)
        self.norm = nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _part in range(4))
        self.norm_2 = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm_3 = nn.LayerNorm(width)
        self.head = nn.Linear(width, len(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        numbers = x[:, : self.numbers].unsqueeze(-1) * self.scale + self.shift
        categories = self.embedding(x[:, self.numbers :].long() + self.starts)
        first = self.first.expand(x.shape[0], -1, -1)
        tokens = torch.cat([first, numbers, categories], dim=1)
        tokens = tokens + self._attend(self.norm(tokens))
        tokens = tokens + self.down(torch.relu(self.up(self.norm_2(tokens))))
        head: Tensor = self.head(self.norm_3(tokens[:, 0]))
        return head

    def _attend(self, tokens: Tensor) -> Tensor:
        def parted(values: Tensor) -> Tensor:
            split: Tensor = values.unflatten(-1, (self.heads, -1))
            return split.transpose(1, 2)

        mixed = nn.functional.scaled_dot_product_attention(
            parted(self.query(tokens)), parted(self.key(tokens)), parted(self.value(tokens))
        )
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(-2))
        return out


def read_rows(path: Path, split: str) -> list[dict[str, str]]:
    """Return the rows of a split."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == split]


def stated_features(rows: Sequence[dict[str, str]], encoding: str) -> dict[str, Any]:
    """Return a ``features.json`` from the consortium's own rows."""
    stated: list[dict[str, Any]] = []
    for column in NUMBERS:
        values = np.array([float(row[column]) for row in rows])
        scaling = {
            "mean": float(values.mean()),
            "scale": float(values.std()),
            "fill": float(np.median(values)),
        }
        stated.append({"column": column, "numeric": scaling})
    for column in CATEGORIES:
        names = sorted({own_cell(row[column]) for row in rows})
        feature: dict[str, Any] = {"column": column, "categories": names, "encoding": encoding}
        if "?" in names:
            feature["unknown"] = names.index("?")
        stated.append(feature)
    return {"features": stated}


def inputs_of(features: Features, rows: Sequence[dict[str, str]]) -> NDArray[np.float32]:
    """Return the inputs of rows, shape (rows, width)."""
    return np.stack(
        [features.vector(tuple(own_cell(row[name]) for name in features.columns)) for row in rows]
    )


def mlp(features: Features) -> nn.Module:
    """Return a network over scaled numbers and indices as they are."""
    return Mlp(features.width)


def binary(features: Features) -> nn.Module:
    """Return a network that says one number: how likely it is the second class."""
    return Mlp(features.width, outputs=1)


def transformer(features: Features) -> nn.Module:
    """Return a network that embeds indices."""
    sizes = [len(feature.categories) for feature in features.features if hasattr(feature, "categories")]
    return FeatureTransformer(len(NUMBERS), sizes)


MODELS: dict[str, tuple[Callable[[Features], nn.Module], str]] = {
    "mlp": (mlp, "index"),
    "one-hot": (mlp, "one-hot"),
    "transformer": (transformer, "index"),
    "binary": (binary, "one-hot"),
}


def make(adult: Path, folder: Path, name: str, epochs: int = 1, most: int | None = None) -> Path:
    """Train a model and write its series.

    Parameters
    ----------
    adult : Path
        The table.
    folder : Path
        Takes the checkpoints.
    name : str
        One of `MODELS`.
    epochs : int
        Between two states.
    most : int or None
        Rows to train on.
    """
    torch.manual_seed(_SEED)
    rows = read_rows(adult, "train")[:most]
    build, encoding = MODELS[name]
    stated = stated_features(rows, encoding)
    features = features_of(stated)
    model = build(features)
    x = torch.from_numpy(inputs_of(features, rows))
    y = torch.tensor([CLASSES.index(row["income"]) for row in rows])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(1, STEPS + 1):
        model.train()
        for _epoch in range(epochs):
            for chosen in torch.randperm(len(x)).split(256):
                loss = _loss(model(x[chosen]), y[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        classes = CLASSES[1:] if name == "binary" else CLASSES
        _write(folder / f"checkpoint-{step}", model, features.width, stated, classes)
    if name == "binary":
        (folder / "dataselect.json").write_text(json.dumps({"task": "binary"}))
    return folder


def _loss(logits: Tensor, y: Tensor) -> Tensor:
    if logits.shape[1] == 1:
        return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], y.float())
    return nn.functional.cross_entropy(logits, y)


def _write(
    folder: Path, model: nn.Module, width: int, stated: dict[str, Any], classes: Sequence[str]
) -> None:
    folder.mkdir(parents=True)
    config = {"id2label": dict(enumerate(classes))}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "features.json").write_text(json.dumps(stated))
    batch = torch.export.Dim("batch")
    example = torch.zeros(2, width)
    program = torch.export.export(model.eval(), (example,), dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "model.pt2")


if __name__ == "__main__":
    for model_name in MODELS:
        make(Path(sys.argv[1]), Path(sys.argv[2]) / model_name, model_name)
