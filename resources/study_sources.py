"""The sources and weak checkpoints of the project's own studies, made once, the same each time."""

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedModel

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.model import Model, load_model
from dataselect_gui.study.arms.records import read_records
from dataselect_gui.study.train import make_network, train

Rows = NDArray[np.int64]
Parameters = dict[str, Any]
NUMBERS = ("age", "education_num", "capital_gain", "capital_loss", "hours_per_week")
CATEGORIES = (
    "workclass",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "native_country",
)


@dataclass(frozen=True)
class Made:
    """What a study is given.

    Attributes
    ----------
    owner, clean, rows : Path
        The owner's records, clean rows of the consortium, and those its model was trained on.
    foreign : Path or None
        Pictures of something else; None where foreign records are made up.
    checkpoint : Path
        The weak checkpoint.
    options : tuple of str
        Further options of ``dataselect study``.
    """

    owner: Path
    clean: Path
    rows: Path
    foreign: Path | None
    checkpoint: Path
    options: tuple[str, ...] = ()


def make(name: str, shared: Path, work: Path, parameters: Parameters, small: int = 1) -> Made:
    """Return the sources and the checkpoint of a study; they are made where they are not there.

    Parameters
    ----------
    name : str
        One of the sets of the parameters.
    shared : Path
        The shared data.
    work : Path
        Takes what is made.
    parameters : dict
        As ``parameters.json`` has them.
    small : int
        Of every number of records only this part, for a test of the command.
    """
    folder = work / "sources" / name
    folder.mkdir(parents=True, exist_ok=True)
    made = _SOURCES[name](shared, folder, parameters, small)
    if not (made.checkpoint / "trained.json").is_file():
        _train(made, parameters["sets"][name]["kind"], parameters)
    return made


# Sources


def _fashion_mnist(shared: Path, folder: Path, parameters: Parameters, small: int) -> Made:
    own, other = _fashion(shared), _cifar(shared)
    strangers = other["x"].mean(axis=3).astype(np.uint8)[:, 2:30, 2:30]
    return _arrays(own, strangers, folder, parameters, "fashion-mnist", small)


def _cifar10(shared: Path, folder: Path, parameters: Parameters, small: int) -> Made:
    own, other = _cifar(shared), _fashion(shared)
    wide = np.pad(other["x"], ((0, 0), (2, 2), (2, 2)))
    strangers = np.repeat(wide[..., None], 3, axis=3)
    return _arrays(own, strangers, folder, parameters, "cifar10", small)


def _arrays(
    own: dict[str, NDArray[Any]],
    strangers: NDArray[np.uint8],
    folder: Path,
    parameters: Parameters,
    name: str,
    small: int,
) -> Made:
    given = parameters["sets"][name]
    rows, clean, owner = _parts(len(own["x"]), given, parameters, small)
    made = Made(
        folder / "owner.npz",
        folder / "clean.npz",
        folder / "rows.npz",
        folder / "foreign.npz",
        folder / "checkpoint",
    )
    if not made.checkpoint.is_dir():
        for path, some in ((made.owner, owner), (made.clean, clean), (made.rows, rows)):
            np.savez_compressed(path, x=own["x"][some], y=own["y"][some], classes=own["classes"])
        few = strangers[_order(len(strangers), parameters)[: parameters["foreign pictures"]]]
        np.savez_compressed(folder / "foreign.npz", x=few)
        channels = 3 if own["x"].ndim == 4 else 1
        side = int(own["x"].shape[1])
        _image_files(made.checkpoint, [str(name) for name in own["classes"]], channels, side)
    return made


def _chest_xray(shared: Path, folder: Path, parameters: Parameters, small: int) -> Made:
    given, side = parameters["sets"]["chest-xray"], parameters["sets"]["chest-xray"]["side"]
    source = shared / "chest-xray"
    made = Made(
        folder / "owner",
        folder / "clean",
        folder / "rows",
        folder / "foreign.npz",
        folder / "checkpoint",
        ("--unit-column", "patient"),
    )
    if not made.checkpoint.is_dir():
        listed = _table(source / "consortium" / "metadata.csv")
        patients = sorted({row["patient"] for row in listed})
        drawn = _order(len(patients), parameters)[
            : round(given["clean share of patients"] * len(patients))
        ]
        held_back = {patients[place] for place in drawn}
        _images(
            [r for r in listed if r["patient"] in held_back][::small], source / "consortium", made.clean
        )
        _images(
            [r for r in listed if r["patient"] not in held_back][::small],
            source / "consortium",
            made.rows,
        )
        _images(_table(source / "owner" / "metadata.csv")[::small], source / "owner", made.owner)
        strangers = _fashion(shared)["x"]
        few = strangers[_order(len(strangers), parameters)[: parameters["foreign pictures"]]]
        np.savez_compressed(folder / "foreign.npz", x=few)
        _image_files(made.checkpoint, ["NORMAL", "PNEUMONIA"], 1, side)
    return made


def _images(listed: Sequence[dict[str, str]], source: Path, folder: Path) -> None:
    """Copy some pictures of a folder, with their table."""
    for row in listed:
        (folder / row["file_name"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / row["file_name"], folder / row["file_name"])
    _write_table(folder / "metadata.csv", listed)


def _sst2(shared: Path, folder: Path, parameters: Parameters, small: int) -> Made:
    names = {"0": "negative", "1": "positive"}
    listed = [
        {"text": row["text"], "label": names[row["label"]]}
        for row in _table(shared / "text" / "sst2.csv")
    ]
    made = _tables(listed, folder, parameters, "sst2", small)
    if not (made.checkpoint / "config.json").is_file():
        _bert([row["text"] for row in _table(made.rows)], made.checkpoint, parameters)
    return made


def _adult(shared: Path, folder: Path, parameters: Parameters, small: int) -> Made:
    columns = (*NUMBERS, *CATEGORIES)
    listed = [
        {**{column: row[column] for column in columns}, "label": row["income"]}
        for row in _table(shared / "tabular" / "adult.csv")
    ]
    made = _tables(listed, folder, parameters, "adult", small)
    if not (made.checkpoint / "features.json").is_file():
        _table_files(_table(made.rows), made.checkpoint)
    return made


def _tables(
    listed: Sequence[dict[str, str]], folder: Path, parameters: Parameters, name: str, small: int
) -> Made:
    parts = _parts(len(listed), parameters["sets"][name], parameters, small)
    made = Made(
        folder / "owner.csv",
        folder / "clean.csv",
        folder / "rows.csv",
        None,
        folder / "checkpoint",
    )
    if not made.owner.is_file():
        for path, some in zip((made.rows, made.clean, made.owner), parts, strict=True):
            _write_table(path, [listed[place] for place in some])
    return made


_SOURCES: dict[str, Callable[[Path, Path, Parameters, int], Made]] = {
    "fashion-mnist": _fashion_mnist,
    "cifar10": _cifar10,
    "chest-xray": _chest_xray,
    "sst2": _sst2,
    "adult": _adult,
}


def _parts(
    count: int, given: Parameters, parameters: Parameters, small: int
) -> tuple[Rows, Rows, Rows]:
    """Return rows trained on, clean ones and the owner's: drawn, none of them twice."""
    order = _order(count, parameters)
    sizes = np.cumsum([given[part] // small for part in ("trained on", "clean", "owner")])
    rows, clean, owner, _rest = np.split(order, sizes)
    return np.sort(rows), np.sort(clean), np.sort(owner)


def _order(count: int, parameters: Parameters) -> Rows:
    return np.random.default_rng(parameters["seed of sources and checkpoints"]).permutation(count)


def _fashion(shared: Path) -> dict[str, NDArray[Any]]:
    with np.load(shared / "fashion-mnist" / "fashion_mnist.npz") as stored:
        return dict(stored)


def _cifar(shared: Path) -> dict[str, NDArray[Any]]:
    with np.load(shared / "cifar10" / "cifar10_small.npz") as stored:
        return dict(stored)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _write_table(path: Path, listed: Sequence[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(listed[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(listed)


# Checkpoints


def _image_files(folder: Path, classes: Sequence[str], channels: int, side: int) -> None:
    _write_json(folder / "config.json", _config(classes))
    processor = {
        "image_processor_type": "ViTImageProcessor",
        "do_convert_rgb": False,
        "do_resize": True,
        "size": {"height": side, "width": side},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5] * channels,
        "image_std": [0.5] * channels,
    }
    _write_json(folder / "preprocessor_config.json", processor)


def _table_files(listed: Sequence[dict[str, str]], folder: Path) -> None:
    features: list[dict[str, object]] = []
    for column in NUMBERS:
        values = np.array([float(row[column]) for row in listed])
        scaling = {"mean": float(values.mean()), "scale": float(values.std()) or 1.0, "fill": 0.0}
        features.append({"column": column, "numeric": scaling})
    for column in CATEGORIES:
        there = sorted({row[column].strip() for row in listed})
        features.append(
            {"column": column, "categories": there, "encoding": "one-hot", "unknown": "zeros",
             "missing": "zeros"}
        )  # fmt: skip
    _write_json(folder / "features.json", {"features": features})
    _write_json(folder / "config.json", _config(["<=50K", ">50K"]))


def _bert(texts: Sequence[str], folder: Path, parameters: Parameters) -> None:
    """Write an untrained model of texts, with a tokenizer of the consortium's own."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    given = parameters["checkpoint"]["text"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        texts,
        trainers.WordPieceTrainer(
            vocab_size=given["vocabulary"], special_tokens=special, show_progress=False
        ),
    )
    BertTokenizer(vocab=tokenizer.get_vocab(), model_max_length=given["longest"]).save_pretrained(
        folder
    )
    torch.manual_seed(parameters["seed of sources and checkpoints"])
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=given["hidden"],
        num_hidden_layers=given["layers"],
        num_attention_heads=given["heads"],
        intermediate_size=2 * given["hidden"],
        max_position_embeddings=given["longest"],
        id2label={0: "negative", 1: "positive"},
        label2id={"negative": 0, "positive": 1},
    )
    BertForSequenceClassification(config).save_pretrained(folder)


def _config(classes: Sequence[str]) -> dict[str, object]:
    return {"id2label": {str(index): name for index, name in enumerate(classes)}}


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _train(made: Made, kind: str, parameters: Parameters) -> None:
    """Train the weak model on the consortium's rows, and write it to the checkpoint's folder."""
    given, seed = parameters["checkpoint"], parameters["seed of sources and checkpoints"]
    network = _untrained(made.checkpoint, kind, parameters)
    inputs, targets = _rows_of(made)
    for number in range(given["rounds"]):
        rate = given["learning rate"][kind]
        train(network, inputs, targets, seed=seed + number, epsilon=None, rate=rate)
    if isinstance(network, Model):
        inner = network.inner
        assert isinstance(inner, PreTrainedModel)
        inner.save_pretrained(made.checkpoint)
    else:
        _export(network, inputs.shape[1:], made.checkpoint)
    _write_json(made.checkpoint / "trained.json", {"rows": len(targets), "rounds": given["rounds"]})


def _untrained(folder: Path, kind: str, parameters: Parameters) -> nn.Module:
    """Return the model before its training; an exported one is written, so that its folder is whole."""
    seed, config = parameters["seed of sources and checkpoints"], _read_json(folder / "config.json")
    classes = len(config["id2label"])
    network: nn.Module
    if kind == "text":
        return load_model(find_checkpoint(folder).final, torch.device("cpu"))
    if kind == "table":
        features = _read_json(folder / "features.json")["features"]
        taken = sum(len(feature.get("categories", [0])) for feature in features)
        width = parameters["checkpoint"]["table"]["hidden"]
        torch.manual_seed(seed)
        layers = nn.Linear(taken, width), nn.SiLU(), nn.Linear(width, classes)
        network = nn.Sequential(*layers).eval()
        _export(network, (taken,), folder)
        return network
    processor = _read_json(folder / "preprocessor_config.json")
    channels, side = len(processor["image_mean"]), processor["size"]["height"]
    width = parameters["checkpoint"]["width of the first layer for images"]
    network = make_network(channels, classes, width, seed)
    _export(network, (channels, side, side), folder)
    return network


def _export(network: nn.Module, shape: Sequence[int], folder: Path) -> None:
    batch, example = torch.export.Dim("batch"), torch.zeros(2, *shape)
    program = torch.export.export(network, (example,), dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "model.pt2")


def _rows_of(made: Made) -> tuple[InputArray, Rows]:
    """Return the inputs and classes of the rows that the model is trained on."""
    checkpoint = find_checkpoint(made.checkpoint)
    source = open_source(for_model(SourceRef(made.rows), checkpoint))
    reader = LabelReader.of(checkpoint, source.classes, LabelRule())
    channels = load_model(checkpoint.final, torch.device("cpu")).channels
    records = read_records(
        source,
        reader.targets(source.labels).astype(np.int64),
        source.kind.to_input(checkpoint.final, channels),
        len(source.ids),
        lambda *_done: None,
    )
    return records.inputs, records.targets


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
