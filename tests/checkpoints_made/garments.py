"""Two small checkpoints on Fashion-MNIST: which garments a pair holds, and how bright a garment is.

``python -m tests.checkpoints_made.garments SHARED FOLDER`` trains both and writes them, with records
of each, into a folder. Tests train them for a few steps.
"""

import csv
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import ResNetConfig, ResNetForImageClassification

from tests.helpers import array_file, preprocessor, write_json
from tests.models import export

SIDE = 28
_TRAINED_ON = 40_000
"""Rows from there on are the owner's."""


class Garments:
    """Fashion-MNIST, as the shared data has it."""

    def __init__(self, shared: Path) -> None:
        (path,) = (shared / "fashion-mnist").glob("*.npz")
        with np.load(path) as arrays:
            self.pictures: NDArray[np.uint8] = arrays["x"]
            self.classes: NDArray[np.int64] = arrays["y"].astype(np.int64)
            self.names = tuple(map(str, arrays["classes"]))

    def pairs(self, count: int, first: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return pictures of two garments side by side, and a flag for each class."""
        rows = first + np.random.default_rng(seed).integers(0, 10_000, (count, 2))
        pictures = np.concatenate([self.pictures[rows[:, 0]], self.pictures[rows[:, 1]]], axis=2)
        flags = np.zeros((count, len(self.names)), dtype=np.uint8)
        for side in range(2):
            flags[np.arange(count), self.classes[rows[:, side]]] = 1
        return pictures, flags

    def brightness(self, count: int, first: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """Return pictures of one garment, and how bright they are, from −1 to 1."""
        pictures = self.pictures[first : first + count]
        return pictures, pictures.mean(axis=(1, 2)) / 127.5 - 1


def pair_records(garments: Garments, path: Path, count: int) -> Path:
    """Write the owner's pairs."""
    pictures, flags = garments.pairs(count, _TRAINED_ON, seed=1)
    return array_file(path, x=pictures, y=flags, classes=np.array(garments.names))


def pair_folder(garments: Garments, folder: Path, count: int) -> Path:
    """Write the owner's pairs as images, with a table of a column for each class.

    In each column 1 is yes and 0 is no; of every tenth record −1 says that something is uncertain, and
    a blank that it is not known.
    """
    pictures, flags = garments.pairs(count, _TRAINED_ON, seed=2)
    folder.mkdir()
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "shop", *garments.names])
        for row, (picture, cells) in enumerate(zip(pictures, flags.tolist(), strict=True)):
            Image.fromarray(picture).save(folder / f"pair-{row:04}.png")
            written = ["-1", "", *map(str, cells[2:])] if row % 10 == 0 else cells
            writer.writerow([f"pair-{row:04}.png", f"shop {row % 40}", *written])
    return folder


def bright_records(garments: Garments, path: Path, count: int) -> Path:
    """Write the owner's garments with numbers."""
    pictures, numbers = garments.brightness(count, _TRAINED_ON)
    return array_file(path, x=pictures, y=numbers)


def _inputs(pictures: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1)[:, None]


def train_pairs(garments: Garments, folder: Path, steps: int) -> Path:
    """Train a model of the transformers library that tells all garments of a pair."""
    torch.manual_seed(0)
    model = ResNetForImageClassification(
        ResNetConfig(
            num_channels=1,
            embedding_size=8,
            hidden_sizes=[8, 16],
            depths=[1, 1],
            layer_type="basic",
            problem_type="multi_label_classification",
            id2label=dict(enumerate(garments.names)),
            label2id={name: index for index, name in enumerate(garments.names)},
        )
    )
    pictures, flags = garments.pairs(64 * steps, 0, seed=0)
    inputs, targets = _inputs(pictures), torch.from_numpy(flags.astype(np.float32))
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for start in range(0, len(inputs), 64):
        logits = model.train()(inputs[start : start + 64]).logits
        loss = functional.binary_cross_entropy_with_logits(logits, targets[start : start + 64])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval().save_pretrained(folder)
    write_json(
        folder / "preprocessor_config.json",
        {**preprocessor(SIDE, 1), "size": {"height": SIDE, "width": 2 * SIDE}},
    )
    return folder


def train_brightness(garments: Garments, folder: Path, steps: int) -> Path:
    """Train an exported model that says how bright a garment is."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 5, stride=4), nn.GELU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 1)
    )
    pictures, numbers = garments.brightness(64 * steps, 0)
    inputs, targets = _inputs(pictures), torch.from_numpy(numbers.astype(np.float32))[:, None]
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for start in range(0, len(inputs), 64):
        loss = functional.mse_loss(model(inputs[start : start + 64]), targets[start : start + 64])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    export(folder / "model.pt2", model.eval(), torch.zeros(2, 1, SIDE, SIDE))
    write_json(folder / "preprocessor_config.json", preprocessor(SIDE, 1))
    write_json(folder / "dataselect.json", {"task": "regression"})
    return folder


def main(shared: Path, folder: Path) -> None:
    """Train both, and write records of each."""
    garments = Garments(shared)
    train_pairs(garments, folder / "garment-pairs", steps=600)
    pair_records(garments, folder / "pairs.npz", 2_000)
    train_brightness(garments, folder / "brightness", steps=600)
    bright_records(garments, folder / "brightness.npz", 2_000)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
