"""What a checkpoint is: its files, what its JSON says, and the digest of all that a score reads.

Weights are read through `Member.read` alone, which returns the bytes that the digest covers or none.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from dataselect_gui.checkpoints import refusals
from dataselect_gui.checkpoints.features import FEATURES, Features
from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.checkpoints.request import PIXEL_RANGE, TASK, TRAINING, Request
from dataselect_gui.checkpoints.safetensors_header import StoredTensor, read_header
from dataselect_gui.checkpoints.task import find_task
from dataselect_gui.checkpoints.tokenizer import TOKENIZER_FILES, StatedTokenizer
from dataselect_gui.errors import UnusableError
from dataselect_gui.selection.rules import FixedRule, RecordRule
from dataselect_gui.tasks.task import Task
from dataselect_gui.texts import _

CONFIG = "config.json"
PROCESSOR = "preprocessor_config.json"


@dataclass(frozen=True)
class Member:
    """One checkpoint of a series.

    Attributes
    ----------
    folder : Path
        The folder that holds it.
    form : str
        ``"huggingface"`` or ``"exported"`` (a ``.pt2`` file).
    weights : tuple of Path
        The files that hold its weights.
    processor : Path or None
        Its ``preprocessor_config.json``: in its folder, or beside the folders of its series.
    config : dict
        Its ``config.json``; empty where there is none.
    step : int or None
        The step of training, where its folder's name gives one.
    preprocessing : dict
        What its ``preprocessor_config.json`` says; empty where there is none.
    read_hashes : dict
        The SHA-256 of each JSON file as it was read, by its name.
    tokenizer : StatedTokenizer or None
        What its files say of its tokenizer; None where it has none, or takes images.
    features : Features or None
        What its ``features.json`` says; None where it takes no rows of a table.
    predicts_numbers : bool
        Whether its task is stated to be a regression, whose numbers may be of any range.
    """

    folder: Path
    form: Literal["huggingface", "exported"]
    weights: tuple[Path, ...]
    processor: Path | None
    config: JsonObject
    step: int | None
    preprocessing: JsonObject = field(default_factory=dict)
    read_hashes: dict[str, str] = field(default_factory=dict)
    tokenizer: StatedTokenizer | None = None
    features: Features | None = None
    predicts_numbers: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names by index; empty where none are stated. See `class_names`."""
        try:
            return class_names(self.config)
        except ValueError as error:
            raise refusals.damaged(self.folder / CONFIG, str(error)) from None

    @property
    def parameters(self) -> int | None:
        """How many parameters and buffers the weight files hold, where their headers say so."""
        if self.form == "exported":
            return None
        return sum(tensor.elements for tensor in self.tensors.values())

    @cached_property
    def tensors(self) -> dict[str, StoredTensor]:
        """The tensors that the headers of safetensors files name, each file held against its header."""
        tensors: dict[str, StoredTensor] = {}
        for path in self.weights:
            try:
                header = read_header(path)
            except (ValueError, OSError) as error:
                why = str(error) if isinstance(error, ValueError) else _("It cannot be read.")
                raise refusals.damaged(path, why) from None
            if not tensors.keys().isdisjoint(header):
                raise refusals.damaged(path, _("It holds a tensor that another file of it holds, too."))
            tensors |= header
        return tensors

    def files(self) -> Iterable[Path]:
        """Yield every file in its folder that a score depends on."""
        yield from self.weights
        if CONFIG in self.read_hashes:
            yield self.folder / CONFIG
        if self.processor is not None and self.processor.parent == self.folder:
            yield self.processor
        yield from (self.folder / name for name in TOKENIZER_FILES if name in self.read_hashes)
        if FEATURES in self.read_hashes:
            yield self.folder / FEATURES

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each of these files by its name: of JSON as it was read, of weights as now."""
        return {path.name: _hash_of(path) for path in self.weights} | self.read_hashes

    def read(self, path: Path) -> bytes:
        """Return the content of one of the files: weights, or a tokenizer.

        Raises
        ------
        UnusableError
            Where it is no longer what the digest covers.
        """
        return _read_unchanged(path, self.hashes[path.name])


@dataclass(frozen=True)
class Checkpoint:
    """The final state of the shared model, and the series that led to it.

    Attributes
    ----------
    path : Path
        What the owner pointed at.
    final : Member
        The final state.
    series : tuple of Member
        The numbered states, by step; the final state alone where none are numbered.
    request : Request
        What the consortium asks for.
    direction : Path or None
        The file with the direction of `alignment`, where the request names one.
    calibration : Path or None
        The file of its calibration, where that has one.
    reference : Member or None
        The state that `reducible_loss` compares with, where the request names one.
    """

    path: Path
    final: Member
    series: tuple[Member, ...]
    request: Request
    direction: Path | None
    calibration: Path | None = None
    reference: Member | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names by index; empty where none are stated."""
        return self.final.labels

    @cached_property
    def task(self) -> Task:
        """What the model predicts."""
        return find_task(
            self.final.config,
            len(self.labels),
            self.request,
            is_hugging_face=self.final.form == "huggingface",
        )

    @property
    def indexed(self) -> tuple[str, ...]:
        """The columns whose categories the model takes as their places; see `Features`."""
        return () if self.final.features is None else self.final.features.indexed

    @property
    def members(self) -> tuple[Member, ...]:
        """Every state of its training that a score may read, the final one last and only once."""
        return self.series if self.final in self.series else (*self.series, self.final)

    def read_direction(self) -> bytes:
        """Return the content of the file with the direction, which there must be.

        Raises
        ------
        UnusableError
            Where it is no longer what the digest covers.
        """
        assert self.direction is not None
        return _read_unchanged(self.direction, self._hash_once(self.direction))

    def read_calibration(self) -> bytes:
        """Return the content of the calibration's file, as `read_direction` does."""
        assert self.calibration is not None
        return _read_unchanged(self.calibration, self._hash_once(self.calibration))

    @cached_property
    def _hashes(self) -> dict[Path, str]:
        return {}

    def _hash_once(self, path: Path) -> str:
        """Return the SHA-256 that a file beside the states had when it was first asked for."""
        if path not in self._hashes:
            self._hashes[path] = _hash_of(path)
        return self._hashes[path]

    def unknown_classes(self, rule: FixedRule) -> list[str]:
        """Return the classes that a rule lists and the model does not name, sorted.

        None where it names none, or where a label is not one of its classes.
        """
        if not isinstance(rule, RecordRule) or not self.task.has_classes or len(self.labels) < 2:
            return []
        return sorted(rule.classes.difference(self.labels))

    def digest(self) -> str:
        """Return the SHA-256 over all that a score depends on: files by their content, in order."""
        whole = hashlib.sha256()
        for member in self.members:
            for path in member.files():
                whole.update(f"{member.step} {path.name} {member.hashes[path.name]}\n".encode())
        for path, hashed in self._shared().items():
            whole.update(f"for all {path.name} {hashed}\n".encode())
        if self.direction is not None:
            whole.update(f"direction {self._hash_once(self.direction)}\n".encode())
        if self.calibration is not None:
            whole.update(f"calibration {self._hash_once(self.calibration)}\n".encode())
            if self.request.states("calibration.features"):
                whole.update(f"shrinkage {self.request.shrinkage!r}\n".encode())
        if self.reference is not None:
            for path in self.reference.files():
                hashed = self.reference.hashes[path.name]
                whole.update(f"reference {path.name} {hashed}\n".encode())
        for key in (*TRAINING, TASK, PIXEL_RANGE):
            if key in self.request.stated:
                whole.update(f"{key} {self.request.stated[key]}\n".encode())
        return whole.hexdigest()

    def _shared(self) -> dict[Path, str]:
        """Return the hash of what several states are described by, and none has in its folder."""
        own = {path for member in self.members for path in member.files()}
        return {
            member.processor: member.hashes[member.processor.name]
            for member in self.members
            if member.processor is not None and member.processor not in own
        }

    def check_digest(self, known: str) -> None:
        """Refuse a checkpoint that is not the one with a digest.

        What is read of it afterwards is what that digest covers, or is refused.

        Raises
        ------
        UnusableError
            Where it is another one.
        """
        if self.digest() != known:
            raise UnusableError(
                _("The checkpoint changed."),
                _("It is not the one that the scores of this project come from."),
                _("Start a new project for it, or ask the consortium for the earlier one."),
            )


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_unchanged(path: Path, known: str) -> bytes:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != known:
        raise UnusableError(
            _("“{name}” of the checkpoint changed while it was read.", name=path.name),
            _("Scores would be of something else than what their record says."),
            _("Give the same command again once the file is whole."),
        )
    return content


def class_names(config: JsonObject) -> tuple[str, ...]:
    """Return the class names by index that a ``config.json`` states; empty where it states none.

    They are those of ``id2label``, an object or a list; without it, of ``label2id``.

    Raises
    ------
    ValueError
        Where these do not number the classes from 0; the message is a sentence.
    UnusableError
        Where they contradict each other.
    """
    by_number, by_name = config.get("id2label"), config.get("label2id")
    if isinstance(by_number, list):
        by_number = {str(place): name for place, name in enumerate(by_number)}
    numbers = {name: str(place) for name, place in by_name.items()} if isinstance(by_name, dict) else {}
    source = "id2label"
    if by_number is None and numbers:
        source, by_number = "label2id", {place: name for name, place in numbers.items()}
    if not isinstance(by_number, dict):
        if by_number is None:
            return ()
        raise ValueError(_("Its {names} does not number the classes from 0.", names=source))
    keys = [str(index) for index in range(len(by_number))]
    if set(by_number) != set(keys) or (source == "label2id" and len(numbers) != len(keys)):
        raise ValueError(_("Its {names} does not number the classes from 0.", names=source))
    names = tuple(str(by_number[key]) for key in keys)
    if numbers.keys() == set(names) and numbers != dict(zip(names, keys, strict=True)):
        raise UnusableError(
            _("The checkpoint's config.json contradicts itself."),
            _("Its id2label and label2id number the same classes differently."),
            _("Ask the consortium which of the two is meant."),
        )
    return names
