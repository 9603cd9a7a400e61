"""Find the checkpoints at a path, without loading a weight and without trusting any file.

Two forms are read: a Hugging Face folder with safetensors, and a ``.pt2`` file of `torch.export`.
A series is the Trainer's layout: ``checkpoint-<step>`` folders, each in one of these forms. Pickles
and models that bring code of their own are refused, with the way to convert them.

JSON is read here, once, when the checkpoint is found; nothing else looks into the folder but `Member`.
"""

import hashlib
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from dataselect_gui.checkpoints import families, processors, refusals
from dataselect_gui.checkpoints import tokenizer as tokenizers
from dataselect_gui.checkpoints.calibration_file import check_calibration
from dataselect_gui.checkpoints.checkpoint import CONFIG, PROCESSOR, Checkpoint, Member
from dataselect_gui.checkpoints.features import FEATURES, Features, features_of
from dataselect_gui.checkpoints.json_file import LARGEST, JsonObject, parse_object
from dataselect_gui.checkpoints.request import FILE_NAME, read_request
from dataselect_gui.checkpoints.safetensors_header import read_header
from dataselect_gui.checkpoints.task import states_regression
from dataselect_gui.checkpoints.tokenizer import (
    SPECIAL_TOKENS,
    TOKENIZER,
    TOKENIZER_CONFIG,
    StatedTokenizer,
)
from dataselect_gui.checkpoints.tokenizer_parts import LARGEST as LARGEST_TOKENIZER
from dataselect_gui.checkpoints.tokenizer_parts import read_parts
from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import regular_file, resolved
from dataselect_gui.texts import _

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
PREFERRED = "processor_config.json"
"""What a library would read before the processor's file that is read here."""
ADAPTERS = ("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin")
_NUMBERED = re.compile(r"checkpoint-(\d+)")


def find_checkpoint(path: Path) -> Checkpoint:
    """Find the checkpoint or series at a path.

    Parameters
    ----------
    path : Path
        A Hugging Face folder, a folder of ``checkpoint-<step>`` folders, or a ``.pt2`` file.

    Raises
    ------
    UnusableError
        Where there is none, or it is of a kind that is refused.
    """
    if not path.exists():
        raise UnusableError(
            _("“{name}” is not there.", name=path.name),
            _("No file or folder has that path."),
            _("Check the path of the checkpoint."),
        )
    if path.is_file():
        if path.suffix.lower() != ".pt2":
            raise refusals.refused_file(path)
        final = _exported(path, step=None)
        checkpoint = _with_request(path, final, (final,), request_folder(path))
        _check_agreement(checkpoint)
        return checkpoint
    numbered = sorted(
        (int(match[1]), folder)
        for folder in path.iterdir()
        if folder.is_dir() and (match := _NUMBERED.fullmatch(folder.name))
    )
    top = _member(path, step=None)
    series = tuple(_required_member(folder, step) for step, folder in numbered)
    if top is None and not series:
        raise refusals.nothing_found(path)
    final = top if top is not None else series[-1]
    checkpoint = _with_request(path, final, series or (final,), request_folder(path))
    _check_agreement(checkpoint)
    return checkpoint


def request_folder(path: Path) -> Path:
    """Return the folder of the request to a checkpoint, whether there is one or not."""
    is_step = _NUMBERED.fullmatch(path.name) and not (path / FILE_NAME).is_file()
    return path.parent if path.is_file() or is_step else path


def files_beside(path: Path) -> list[Path]:
    """Return what is read with a checkpoint though it lies outside of its path.

    That is what describes a ``.pt2`` file, the request to a whole series, and the files that the
    folders of a Hugging Face cache are links to. No folder is reached by a link, for a stranger may
    have made it: it could lead anywhere.

    Parameters
    ----------
    path : Path
        As `find_checkpoint` takes it.
    """
    path = resolved(path)
    reached: list[Path] = []
    if path.is_file() or _NUMBERED.fullmatch(path.name):
        beside = [*path.parent.glob("*.json"), *path.parent.glob("*.safetensors")]
        reached += [file for file in map(regular_file, beside) if file is not None]
    reference = _reference_beside(path)
    if reference is not None:
        reached.append(reference)
    blobs = path.parents[1] / "blobs" if path.parent.name == "snapshots" else None
    if blobs is not None and blobs.is_dir() and not blobs.is_symlink():
        reached.append(blobs)
    return reached


def _reference_beside(path: Path) -> Path | None:
    """Return the reference state of a request that lies beside a checkpoint, not in its folder."""
    if not (path.is_file() or _NUMBERED.fullmatch(path.name)):
        return None
    try:
        name = read_request(path.parent).reference
    except UnusableError:
        return None  # Told where the checkpoint is read.
    place = None if name is None else path.parent / name
    return place if place is not None and place.exists() and not place.is_symlink() else None


def _with_request(path: Path, final: Member, series: tuple[Member, ...], folder: Path) -> Checkpoint:
    request = read_request(folder)
    direction = None if request.direction is None else folder / request.direction
    if direction is not None and not direction.is_file():
        raise UnusableError(
            _("The consortium's direction is missing."),
            _("The request names “{name}”, and there is no such file beside it.", name=direction.name),
            _("Ask the consortium for the whole folder."),
        )
    if direction is not None:
        _check_direction(direction, final)
    calibration = None if request.calibration is None else request.calibration.file
    if request.calibration is not None and calibration is not None:
        # A parameter takes a byte at least.
        check_calibration(
            folder, request.calibration, sum(file.stat().st_size for file in final.weights)
        )
    reference = None if request.reference is None else _reference(folder, request.reference, series)
    if states_regression(final.config, request):
        final = replace(final, predicts_numbers=True)
        series = tuple(replace(member, predicts_numbers=True) for member in series)
        reference = None if reference is None else replace(reference, predicts_numbers=True)
    checkpoint = Checkpoint(
        path,
        final,
        series,
        request,
        direction,
        None if calibration is None else folder / calibration,
        reference,
    )
    _check_rule(checkpoint)
    return checkpoint


def _check_rule(checkpoint: Checkpoint) -> None:
    """Refuse a rule for classes that the model does not name: it would hold for no record."""
    rule = checkpoint.request.asked_rule
    unknown = [] if rule is None else checkpoint.unknown_classes(rule)
    if unknown:
        raise UnusableError(
            _("The consortium's request ({file_name}) cannot be used.", file_name=FILE_NAME),
            _("Its rule names a class that the model does not know: “{name}”.", name=unknown[0]),
            _("Ask the consortium for a corrected file."),
        )


def _reference(folder: Path, name: str, series: tuple[Member, ...]) -> Member:
    """Return the state that a request names: one of the series, or a checkpoint of its own."""
    place = folder / name
    for member in series:
        if member.folder == place:
            return member
    reference = None
    if place.is_dir() and not place.is_symlink():  # A link could lead anywhere.
        reference = _member(place, step=None)
    elif place.suffix.lower() == ".pt2" and place.is_file():
        reference = _exported(place, step=None)
    if reference is None:
        raise UnusableError(
            _("The consortium's reference state is missing."),
            _("The request names “{name}”, and no checkpoint of that name is beside it.", name=name),
            _("Ask the consortium for the whole folder."),
        )
    return reference


def _check_direction(path: Path, final: Member) -> None:
    """Hold a direction's header against its file, and its size against the model's."""
    try:
        read_header(path)
    except (ValueError, OSError) as error:
        why = str(error) if isinstance(error, ValueError) else _("It cannot be read.")
        raise refusals.damaged(path, why) from None
    # As many numbers as the model has, in up to four times their width.
    if path.stat().st_size > 4 * sum(weights.stat().st_size for weights in final.weights) + LARGEST:
        raise refusals.damaged(path, _("It holds more numbers than the model has parameters."))


def _member(folder: Path, step: int | None) -> Member | None:
    """Return the checkpoint in a folder; None where the folder holds none."""
    for name in ADAPTERS:
        if (folder / name).exists():
            raise refusals.has_adapter(folder, name)
    exported = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".pt2")
    if len(exported) > 1:
        raise UnusableError(
            _("“{name}” holds more than one .pt2 file.", name=folder.name),
            _(
                "Which one is meant is not clear: {names}.",
                names=", ".join(path.name for path in exported),
            ),
            _("Point at the file itself."),
        )
    if exported:
        return _exported(exported[0], step)
    has_config = (folder / CONFIG).is_file()
    if (folder / WEIGHTS).is_file():  # The transformers library takes it before shards, too.
        weights: tuple[Path, ...] = (folder / WEIGHTS,)
    elif (folder / INDEX).is_file():
        weights = _shards(folder)
    elif has_config and (
        pickled := [p for p in folder.iterdir() if p.suffix.lower() in refusals.PICKLES]
    ):
        raise refusals.refused_file(pickled[0])
    else:
        return None
    member = _described(folder, "huggingface", weights, step)
    if not member.config:
        raise refusals.no_config(folder, CONFIG)
    if "auto_map" in member.config:
        raise refusals.needs_code(folder, CONFIG)
    if "transformers_weights" in member.config:
        raise refusals.damaged(
            folder / CONFIG, _("It names weights of another file (transformers_weights).")
        )
    _headers = member.tensors  # Every header is held against its file.
    if (why := families.why_refused(member.config)) is not None:
        raise UnusableError(
            _("The model in “{name}” cannot be scored.", name=folder.name),
            why,
            _(
                "Ask the consortium for a model of a family that was reviewed, or for a .pt2 "
                "file made with torch.export."
            ),
        )
    return member


def _described(
    folder: Path, form: Literal["huggingface", "exported"], weights: tuple[Path, ...], step: int | None
) -> Member:
    """Return a member with what its JSON files say."""
    config, hashes = _read_json(folder / CONFIG)
    # A series may have one for all its states, beside their folders.
    own = folder / PROCESSOR
    is_above = bool(_NUMBERED.fullmatch(folder.name)) and not own.is_file()
    described = folder.parent / PROCESSOR if is_above else own
    places = {folder: None, described.parent if described.is_file() else folder: None}
    for place in places:
        if (place / PREFERRED).exists():
            raise UnusableError(
                _("“{folder}” holds “{file}”.", folder=place.name, file=PREFERRED),
                _(
                    "Other programs read it before {instead}: the model's inputs would be others than "
                    "those that the consortium trains with.",
                    instead=PROCESSOR,
                ),
                _(
                    "Ask the consortium for a folder in which {instead} alone says it.",
                    instead=PROCESSOR,
                ),
            )
    preprocessing, more = _read_json(described)
    processor = described if more else None
    if processor is not None and (why := processors.why_not(preprocessing, config)) is not None:
        raise UnusableError(
            _("The checkpoint's {processor} cannot be used.", processor=PROCESSOR),
            why,
            _("Ask the consortium for the file as save_pretrained writes it."),
        )
    tokenizer, tokenizer_hashes = (None, {}) if processor is not None else _tokenizer(folder, step)
    features, feature_hashes = _features(folder, step)
    return Member(
        folder,
        form,
        weights,
        processor,
        config,
        step,
        preprocessing,
        hashes | more | tokenizer_hashes | feature_hashes,
        tokenizer=tokenizer,
        features=features,
    )


def _tokenizer(folder: Path, step: int | None) -> tuple[StatedTokenizer | None, dict[str, str]]:
    """Return what the files of a tokenizer say: beside the weights, else at the top of their series.

    ``tokenizer.json`` itself is as large as a vocabulary, and parsed where it is used.
    """
    if step is not None and not (folder / TOKENIZER).is_file():
        folder = folder.parent
    if not (folder / TOKENIZER).is_file():
        return None, {}
    stated, hashes = _read_json(folder / TOKENIZER_CONFIG)
    special, more = _read_json(folder / SPECIAL_TOKENS)
    if "auto_map" in stated:
        raise refusals.needs_code(folder, TOKENIZER_CONFIG)
    tokenizer = StatedTokenizer(folder / TOKENIZER, stated, special)
    if (why := tokenizers.why_refused(tokenizer)) is not None:
        raise refusals.unusable_tokenizer(why)
    content = _read(tokenizer.path, LARGEST_TOKENIZER)
    return tokenizer, {TOKENIZER: hashlib.sha256(content).hexdigest()} | hashes | more


def _features(folder: Path, step: int | None) -> tuple[Features | None, dict[str, str]]:
    """Return how columns become the input: beside the weights, else at the top of their series."""
    path = folder / FEATURES
    if step is not None and not path.is_file():
        path = folder.parent / FEATURES
    content, hashes = _read_json(path)
    if not hashes:
        return None, {}
    try:
        return features_of(content), hashes
    except ValueError as error:
        raise refusals.damaged(path, str(error)) from None


def _required_member(folder: Path, step: int) -> Member:
    member = _member(folder, step)
    if member is None:
        raise refusals.nothing_found(folder)
    return member


def _exported(path: Path, step: int | None) -> Member:
    return _described(path.parent, "exported", (path,), step)


def _shards(folder: Path) -> tuple[Path, ...]:
    index = _read_json(folder / INDEX)[0].get("weight_map", {})
    stated = list(index.values()) if isinstance(index, dict) else []
    if not all(isinstance(name, str) for name in stated):
        raise refusals.damaged(folder / INDEX, _("It names something else than files."))
    names = sorted(set(stated))
    for name in names:
        if PurePosixPath(name).name != name:
            raise refusals.damaged(folder / INDEX, _("It names a file outside its own folder."))
        if not (folder / name).is_file() or not name.endswith(".safetensors"):
            raise refusals.damaged(
                folder / INDEX, _("It names “{name}”, which is not a safetensors file here.", name=name)
            )
    if not names:
        raise refusals.damaged(folder / INDEX, _("It names no files."))
    return tuple(folder / name for name in names)


def _read_json(path: Path) -> tuple[JsonObject, dict[str, str]]:
    """Return what a file says, and its hash by its name; nothing where there is no such file."""
    if not path.is_file():
        return {}, {}
    content = _read(path, LARGEST)
    try:
        return parse_object(content), {path.name: hashlib.sha256(content).hexdigest()}
    except ValueError as error:
        raise refusals.damaged(path, str(error)) from None


def _read(path: Path, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError:
        raise refusals.damaged(path, _("It cannot be read.")) from None
    if len(content) > largest:
        raise refusals.damaged(path, _("It is larger than {largest} MiB.", largest=largest >> 20))
    return content


def _have_one_tokenizer(member: Member, final: Member) -> bool:
    """Say whether texts become the same tokens for two states, however they were cut or filled up."""
    if member.tokenizer is None or member.read_hashes[TOKENIZER] == final.read_hashes.get(TOKENIZER):
        return True
    if final.tokenizer is None:
        return False
    try:
        own = read_parts(member.read(member.tokenizer.path))
        last = read_parts(final.read(final.tokenizer.path))
    except ValueError:
        return False  # Refused where it is used; here, another file is enough.
    return own == last


def _check_agreement(checkpoint: Checkpoint) -> None:
    """Refuse a series whose members are not states of one model."""
    final = checkpoint.final
    reference = checkpoint.reference
    for member in (*checkpoint.series, *([] if reference is None else [reference])):
        differs = [
            key
            for key in ("model_type", "architectures", "id2label", "num_channels")
            if member.config.get(key) != final.config.get(key)
        ]
        if "id2label" not in differs and member.labels != final.labels:
            differs.append("label2id")
        if not _have_one_tokenizer(member, final):
            differs.append(TOKENIZER)
        if member.features != final.features:
            differs.append(FEATURES)
        # Both are given the inputs that the final state's file makes.
        if member is reference and member.preprocessing not in ({}, final.preprocessing):
            differs.append(PROCESSOR)
        if member.form != final.form or differs:
            raise refusals.not_one_model(checkpoint.path, member.folder, differs)
