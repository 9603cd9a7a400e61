"""The owner's records as a study needs them: small inputs to train on, and the checkpoint's own."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.project.table import Index
from dataselect_gui.records.kinds.kind import ToInput
from dataselect_gui.records.opening import content_hash
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.texts import _

FEWEST_RECORDS = 200
SIDE = 32
"""Images are averaged down to at most this side for the study's own network."""
_DRAW_SEED = 20_150_221


@dataclass(frozen=True)
class Dataset:
    """Records that can be read and have a label.

    Attributes
    ----------
    source : Source
        Where they are.
    rows : ndarray of int64
        Their rows in the source, shape (n,).
    index : Index
        Their ids, labels, units and content hashes.
    targets : ndarray of int64
        Class indices, shape (n,).
    classes : tuple of str
        The classes by index.
    small : ndarray of float32
        What the study's own network takes, shape (n, channels, height, width).
    preprocess : callable
        Makes the checkpoint's input of a record.
    left_out : int
        How many of the records that were drawn cannot be read or have no label.
    """

    source: Source
    rows: NDArray[np.int64]
    index: Index
    targets: NDArray[np.int64]
    classes: tuple[str, ...]
    small: NDArray[np.float32]
    preprocess: ToInput
    left_out: int

    def inputs(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the checkpoint's inputs of some of the records, by their places among these."""
        made = []
        for place in places.tolist():
            stored = self.source.read(int(self.rows[place]))
            made.append(self.preprocess(self.source.kind.decode(stored)))
        return np.stack(made)

    def digest(self) -> str:
        """Return the SHA-256 over contents, labels and units."""
        whole = hashlib.sha256()
        units = self.index.units or self.index.ids
        for content, label, unit in zip(self.index.content, self.index.labels, units, strict=True):
            whole.update(content.tobytes() + f"{label} {unit}\n".encode())
        return whole.hexdigest()


def rows_to_read(source: Source, limit: int) -> list[int]:
    """Return the rows of records with labels, of at most so many that are drawn; always the same."""
    count = len(source.ids)
    drawn = np.arange(count)
    if count > limit:
        drawn = np.sort(np.random.default_rng(_DRAW_SEED).choice(count, limit, replace=False))
    return [row for row in drawn.tolist() if source.labels[row] is not None]


def read_dataset(
    source: Source,
    targets: NDArray[np.int64],
    names: Sequence[str],
    preprocess: ToInput,
    limit: int,
    advance: Callable[[int, int], None],
    enough: int | None = None,
) -> Dataset:
    """Read records once.

    Parameters
    ----------
    source : Source
        Where they are.
    targets : ndarray of int64
        The class of each record of the source, −1 for none, shape (n,). Those without are left out.
    names : sequence of str
        The classes by index; empty where nothing names them.
    preprocess : callable
        The checkpoint's.
    limit : int
        At most so many, drawn at random but always the same ones.
    advance : callable
        Told how many of how many were read; what it raises ends the reading.
    enough : int or None
        Where some will do, to time the work with: how many of them; `FEWEST_RECORDS` or more.

    Raises
    ------
    UnusableError
        Where there are too few records, or they are no images.
    """
    drawn = [row for row in rows_to_read(source, limit) if targets[row] >= 0]
    check_classes(targets[drawn])
    if enough is not None:
        drawn = np.random.default_rng(_DRAW_SEED).permutation(drawn).tolist()
    rows: list[int] = []
    contents, smalls = [], []
    for row in drawn:
        if len(rows) == enough:
            break
        advance(len(rows), enough or len(drawn))
        try:
            stored = source.read(row)
            image = preprocess(source.kind.decode(stored))
        except UnreadableRecordError:
            continue
        if image.ndim != 3:
            raise UnusableError(
                _("The records cannot be studied."),
                _("A study trains a small network for images; these records are none."),
                _("Study a source of images."),
            )
        rows.append(row)
        contents.append(np.frombuffer(content_hash(stored), dtype=np.uint8))
        smalls.append(shrunk(np.asarray(image, dtype=np.float32)))
    check_enough(len(rows))
    if len({image.shape for image in smalls}) > 1:
        raise UnusableError(
            _("The records cannot be studied."),
            _(
                "The checkpoint's processor makes inputs of several sizes, and a small network "
                "takes one."
            ),
            _("Ask the consortium for a preprocessor_config.json that resizes to one size."),
        )
    labels = [source.labels[row] for row in rows]
    if enough is None:
        check_classes(targets[rows])
    known = tuple(names) or tuple(str(index) for index in range(int(targets[rows].max()) + 1))
    units = None if source.units is None else [source.units[row] for row in rows]
    index = Index([source.ids[row] for row in rows], labels, units, np.stack(contents))
    return Dataset(
        source,
        np.array(rows, dtype=np.int64),
        index,
        targets[rows],
        known,
        np.stack(smalls),
        preprocess,
        min(len(source.ids), limit) - len(rows),
    )


def check_enough(count: int) -> None:
    """Refuse fewer records than a difference can be seen with."""
    if count < FEWEST_RECORDS:
        raise UnusableError(
            _("There are too few records for a study."),
            _(
                "{count} can be read and have a label; with fewer than {fewest_records}, chance "
                "drowns every difference.",
                count=count,
                fewest_records=FEWEST_RECORDS,
            ),
            _("Study a larger source."),
        )


def check_classes(targets: NDArray[np.int64]) -> None:
    """Refuse records that all have the same class."""
    if len(np.unique(targets)) == 1:
        raise UnusableError(
            _("The records cannot be studied."),
            _("All of them have the same label, so there is nothing to learn."),
            _("Study a source with at least two classes."),
        )


def shrunk(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return an image of at most `SIDE` pixels a side, by averages."""
    if max(image.shape[1:]) <= SIDE:
        return image
    import torch

    sides = min(image.shape[1], SIDE), min(image.shape[2], SIDE)
    pooled = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(image), sides)
    small: NDArray[np.float32] = pooled.numpy()
    return small
