"""Make the demo: an owner's records, and a consortium's checkpoints and request to judge them by.

    DATASELECT_TEST_DATA=… python resources/make_demo.py --out resources/demo

The records come from the shared data folder, which is not part of the project. The rows of
Fashion-MNIST are put to three uses that do not overlap:

- 0 to 39,999: the consortium trains its model on them, by DP-SGD;
- 40,000 to 59,999: 2,000 of them are the owner's records. Of these some get a wrong label, and others
  give way to a chest X-ray, a picture that has no business among clothes;
- 60,000 to 69,999: the consortium calibrates on some of them, by ``dataselect calibrate``.

Checkpoints that are there are kept; remove them to train anew. Records and request are made anew.
"""

import argparse
import csv
import json
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from demo_training import Images, make_checkpoints, training_facts
from numpy.typing import NDArray
from PIL import Image
from transformers.utils import logging

from dataselect_gui import workflow

TRAINING_ROWS = range(0, 40_000)
POOL_ROWS = range(40_000, 60_000)
HELD_OUT_ROWS = range(60_000, 70_000)

SEED = 20_260_101
RECORDS = 2_000
FLIPPED = 200
FOREIGN = 100
CLEAN_ROWS_A_CLASS = 400
CONTACT = "The demo's consortium"
SIDE = 28


def read_fashion_mnist(path: Path) -> Images:
    """Read the whole of Fashion-MNIST: all 70,000 rows.

    Parameters
    ----------
    path
        The ``.npz`` file.
    """
    with np.load(path, allow_pickle=False) as stored:
        x = np.asarray(stored["x"], dtype=np.uint8)
        y = np.asarray(stored["y"], dtype=np.int64)
        classes = tuple(str(name) for name in stored["classes"])
    if x.shape != (70_000, SIDE, SIDE) or y.shape != (70_000,) or len(classes) != 10:
        raise ValueError(f"{path} is not Fashion-MNIST: x {x.shape}, y {y.shape}")
    return Images(x, y, classes)


def read_foreign(folder: Path, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return chest X-rays of as many people, shrunk to the size of the records.

    Parameters
    ----------
    folder
        An imagefolder with ``metadata.csv``.
    count
        How many.
    rng
        Draws them.

    Returns
    -------
    ndarray
        (count, 28, 28) uint8.
    """
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        first = {row["patient"]: row["file_name"] for row in reversed(list(csv.DictReader(file)))}
    names = sorted(first.values())
    drawn = [names[index] for index in rng.choice(len(names), count, replace=False)]
    pictures = []
    for name in drawn:
        with Image.open(folder / name) as picture:
            pictures.append(np.asarray(picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)))
    return np.stack(pictures)


def make_records(pool: Images, xrays: Path, seed: int) -> dict[str, NDArray[np.generic]]:
    """Draw the owner's records, give some a wrong label, and put foreign pictures in place of others.

    Parameters
    ----------
    pool
        The images to draw from.
    xrays
        The folder of foreign pictures.
    seed
        Seeds every choice.

    Returns
    -------
    dict
        The arrays of ``records.npz``: ``x``, ``y`` and ``classes`` as the owner has them; and
        ``flipped`` and ``foreign``, which records are wrong and how. No score reads these two.
    """
    rng = np.random.default_rng(seed)
    drawn = pool.rows(rng.choice(len(pool.y), RECORDS, replace=False))
    wrong = rng.choice(RECORDS, FLIPPED + FOREIGN, replace=False)
    flipped, foreign = (np.isin(np.arange(RECORDS), part) for part in np.split(wrong, [FLIPPED]))
    count = len(pool.classes)
    # Adding 1 to 9 modulo 10 picks each of the nine other classes alike.
    other = (drawn.y + rng.integers(1, count, RECORDS)) % count
    x = drawn.x.copy()
    x[foreign] = read_foreign(xrays, FOREIGN, rng)
    return {
        "x": x,
        "y": np.where(flipped, other, drawn.y).astype(np.int64),
        "classes": np.array(pool.classes),
        "flipped": flipped,
        "foreign": foreign,
    }


def write_request(held_out: Images, folder: Path, seed: int) -> workflow.Calibrated:
    """Write what the consortium makes public: its training, and its calibration with a rule.

    Parameters
    ----------
    held_out
        Rows that the model was not trained on.
    folder
        The checkpoints; receives ``dataselect.json`` and the calibration's file.
    seed
        Seeds the choice of the clean rows, and which of them the statistics of features are of.
    """
    for earlier in folder.glob("calibration-*.safetensors"):
        earlier.unlink()
    facts: dict[str, object] = {"contact": CONTACT, **training_facts(len(TRAINING_ROWS))}
    (folder / "dataselect.json").write_text(json.dumps(facts), encoding="utf-8")
    rng = np.random.default_rng(seed)
    classes = range(len(held_out.classes))
    drawn = [
        rng.choice(np.flatnonzero(held_out.y == index), CLEAN_ROWS_A_CLASS, replace=False)
        for index in classes
    ]
    clean = held_out.rows(np.concatenate(drawn))
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "clean.npz"
        np.savez(path, x=clean.x, y=clean.y, classes=np.array(clean.classes))
        options = workflow.CalibrationOptions(in_training="no", seed=f"{seed:x}", device="cpu")
        done = workflow.calibrate(folder, workflow.SourceRef(path), workflow.JobContext(), options)
    for written in (done.request, done.file):
        if written is not None:
            written.chmod(0o644)  # it is written for its owner alone
    return done


def main(argv: Sequence[str] | None = None) -> None:
    """Make the demo.

    Parameters
    ----------
    argv
        The arguments, without the program's name; those of the process where None.
    """
    parser = argparse.ArgumentParser(description="Make the demo's records, checkpoints and request.")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch; default: %(default)s")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", message="Secure RNG turned off")
    warnings.filterwarnings("ignore", message="Full backward hook is firing")
    warnings.filterwarnings("ignore", message="Optimal order is the")

    shared = Path(os.environ["DATASELECT_TEST_DATA"])
    data = read_fashion_mnist(shared / "fashion-mnist" / "fashion_mnist.npz")
    held_out, folder = data.rows(HELD_OUT_ROWS), arguments.out / "checkpoint"
    folder.mkdir(parents=True, exist_ok=True)
    records = make_records(data.rows(POOL_ROWS), shared / "chest-xray" / "owner", SEED)
    np.savez_compressed(arguments.out / "records.npz", allow_pickle=False, **records)
    if not any(folder.glob("checkpoint-*")):
        make_checkpoints(data.rows(TRAINING_ROWS), held_out, folder, SEED)
    done = write_request(held_out, folder, SEED)
    print("\n".join([*workflow.calibration_words(done.calibration), *done.warnings]))


if __name__ == "__main__":
    main()
