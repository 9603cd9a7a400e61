"""Write a request, and say what is wrong with one."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.json_file import LARGEST, JsonObject, parse_object
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint, request_folder
from dataselect_gui.checkpoints.request import FILE_NAME, KNOWN, TRAINING, faults_of, request_of
from dataselect_gui.errors import DataSelectError, UnusableError, UsageError, file_refused
from dataselect_gui.paths import resolved
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.scoring.catalog import applicable, find_score
from dataselect_gui.texts import _
from dataselect_gui.workflow.inspecting import looks_like_checkpoint
from dataselect_gui.workflow.request_sentences import request_words
from dataselect_gui.workflow.request_writing import class_names_of, request_content, write_request

WHOLE = "dataselect.json"
"""Stands for the key of what is wrong with the file, or with the folder, as a whole."""


@dataclass(frozen=True)
class RequestChecked:
    """What is to be known of a request.

    Attributes
    ----------
    path : Path
        The ``dataselect.json``.
    faults : dict
        Key → why it cannot be used.
    notes : list of str
        What is no fault, and may be meant otherwise.
    lines : list of str
        The request in words; none where it cannot be used.
    """

    path: Path
    faults: dict[str, str]
    notes: list[str]
    lines: list[str]


def check_request(path: Path) -> RequestChecked:
    """Hold every key of a request against what it may be, and against the checkpoint beside it.

    Parameters
    ----------
    path : Path
        The checkpoint, its folder, or the ``dataselect.json`` itself.

    Raises
    ------
    UnusableError
        Where there is no request.
    """
    folder = _folder_of(path)
    file = folder / FILE_NAME
    if not file.is_file():
        raise UnusableError(
            _("There is no request in “{name}”.", name=folder.name),
            _("It holds no {file}.", file=FILE_NAME),
            _("Write one with “dataselect request new”."),
        )
    try:
        with file.open("rb") as opened:
            content = parse_object(opened.read(LARGEST + 1))
    except OSError as error:
        raise file_refused(FILE_NAME, error) from None
    except ValueError as error:
        return RequestChecked(file, {WHOLE: str(error)}, [], [])
    faults = faults_of(content)
    if faults:
        return RequestChecked(file, faults, _notes(content), [])
    faults |= _unknown_scores(content)
    place = path if path.name != FILE_NAME else folder
    checkpoint, why = _checkpoint_at(place)
    if why is not None:
        faults[WHOLE] = why
    if checkpoint is not None:
        faults |= _against(checkpoint)
    request = request_of(content)
    return RequestChecked(file, faults, _notes(content), request_words(request) if not faults else [])


def new_request(path: Path, keys: Sequence[str]) -> RequestChecked:
    """Write keys into the request of a checkpoint; others stay as they are.

    Parameters
    ----------
    path : Path
        The checkpoint, or its folder.
    keys : sequence of str
        ``key=value`` each: a value in JSON, or else a text; ``null`` takes the key away.

    Raises
    ------
    UsageError
        Where a key has no value, or one that it cannot have; nothing is written then.
    UnusableError
        Where the request that is there cannot be read, or the disk refuses.
    """
    folder = _folder_of(path)
    content = request_content(folder) or {}
    for stated in keys:
        key, equals, text = stated.partition("=")
        if not equals or not key:
            raise UsageError(
                _("“{stated}” is no key with a value.", stated=stated),
                _("It is written as KEY=VALUE."),
                _("Write it like --set max_grad_norm=1."),
            )
        value = value_of(text)
        content = {k: v for k, v in content.items() if k != key} | (
            {} if value is None else {key: value}
        )
    faults = faults_of(content)
    if faults:
        raise UsageError(
            _("The request was not written."), " ".join(faults.values()), _("Correct these values.")
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_request(folder, content)
    except OSError as error:
        raise file_refused(FILE_NAME, error) from None
    return check_request(path)


def _folder_of(path: Path) -> Path:
    path = resolved(path)
    return path.parent if path.name == FILE_NAME else request_folder(path)


def value_of(text: str) -> object:
    """Return a value as JSON has it; a text that is no JSON as it is."""
    try:
        return parse_object(json.dumps({"value": json.loads(text)}).encode())["value"]
    except (ValueError, RecursionError):
        return text


def _checkpoint_at(path: Path) -> tuple[Checkpoint | None, str | None]:
    """Return the checkpoint at a path, or why it cannot be used; neither where there is none."""
    if not looks_like_checkpoint(path):
        return None, None
    try:
        return find_checkpoint(resolved(path)), None
    except DataSelectError as error:
        return None, f"{error.what} {error.why}"


def _notes(content: JsonObject) -> list[str]:
    notes = []
    for key in sorted(content.keys() - KNOWN):
        close = difflib.get_close_matches(key, KNOWN, n=1)
        notes.append(
            _("“{key}” is no key that is read. “{known}” is.", key=key, known=close[0])
            if close
            else _("“{key}” is no key that is read: it is shown to owners, and not used.", key=key)
        )
    stated = [key for key in TRAINING if key in content]
    if stated and len(stated) < len(TRAINING):
        missing = ", ".join(key for key in TRAINING if key not in content)
        notes.append(_("Without {missing} there is no privacy_loss.", missing=missing))
    if "score" in content and not {"threshold", "count", "rule"} & content.keys():
        notes.append(_("A score without a threshold or a count selects nothing."))
    if {"threshold", "count"} & content.keys() and "score" not in content:
        notes.append(_("A threshold or a count without a score selects nothing."))
    return notes


def _unknown_scores(content: JsonObject) -> dict[str, str]:
    """Return the keys that name a score which there is not."""
    calibration = content.get("calibration")
    named: dict[str, list[object]] = {
        "score": [content["score"]] if "score" in content else [],
        "bounds": list(_object(content.get("bounds"))),
        "calibration": list(_object(_object(calibration).get("scores"))),
    }
    faults = {}
    for key, names in named.items():
        for name in names:
            try:
                find_score(str(name))
            except UsageError as error:
                faults[key] = f"“{key}”: {error.what}"
    return faults


def _against(checkpoint: Checkpoint) -> dict[str, str]:
    """Return the keys that do not fit the checkpoint."""
    faults = {}
    request = checkpoint.request
    if request.score is not None:
        try:
            applicable(
                [request.score],
                series=len(checkpoint.series),
                labelled=True,
                request=request,
                task=checkpoint.task.name,
                indexed=checkpoint.indexed,
            )
        except UsageError as error:
            faults["score"] = f"“score”: {error.what} {error.why}"
    if request.calibration is not None:
        own = LabelReader.of(checkpoint, None, LabelRule())
        try:
            names = set(class_names_of(own)) if checkpoint.task.has_classes else set[str]()
        except UnusableError as error:
            return faults | {"calibration": f"“calibration”: {error.what} {error.why}"}
        listed = {name for each in request.calibration.scores.values() for name in each.classes}
        unknown = sorted((listed | request.calibration.recall.keys()) - names)
        if unknown:
            faults["calibration"] = _(
                "“calibration” names the class “{name}”, which the model does not know.",
                name=unknown[0],
            )
    return faults


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
