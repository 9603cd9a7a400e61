"""Tables of rows and texts, folders of texts, and what makes inputs of them: seeds and mutations."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.fuzz.checkpoints import CONFIG, WEIGHTS
from tests.fuzz.records import edit_csv
from tests.fuzz.small_formats import mutate_table
from tests.fuzz.values import TEXTS, Chance, Files, edit_bytes, edit_json, hostile, json_bytes, to_json
from tests.helpers import config, write_safetensors

CSV, JSONL = "table.csv", "table.jsonl"
COLUMNAR = ("table.parquet", "table.feather", "table.arrow")
FEATURES, TOKENIZER = "features.json", "tokenizer.json"
COLUMNS = ("text", "age", "work", "who", "label")
ROWS: list[dict[str, Any]] = [
    {"text": "a fine film", "age": 39, "work": "State-gov", "who": "17", "label": "good"},
    {"text": "dull,\n“long” and grey", "age": 40.5, "work": None, "who": "17.0", "label": "bad"},
    {"text": "é 🙂 \u202b", "age": None, "work": "Private", "who": "", "label": ""},
]
STATED: dict[str, Any] = {
    "features": [
        {"column": "age", "numeric": {"mean": 40, "scale": 8, "fill": 44.0, "unit": "years"}},
        {"column": "work", "categories": ["?", "Private", "State-gov"], "encoding": "index",
         "unknown": 0, "missing": 0},
        {"column": "who", "categories": ["17", "18"], "encoding": "one-hot", "unknown": "zeros",
         "missing": "zeros"},
    ]
}  # fmt: skip
_NAMES = ("column", "numeric", "categories", "encoding", "unknown", "missing", "mean", "scale", "fill")
_PARTS = ("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "model")
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "cp037")


def lines(_: Path) -> list[Files]:
    """Return tables in text."""
    text = "".join(
        ",".join('"' + str("" if cell is None else cell).replace('"', '""') + '"' for cell in row)
        + "\n"
        for row in [COLUMNS, *(tuple(row.values()) for row in ROWS)]
    )
    return [{CSV: text.encode()}, {JSONL: b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)}]


def columnar(_: Path) -> list[Files]:
    """Return tables by columns, of plain and of odd types, packed and not."""
    import datetime
    import decimal

    import pyarrow as pa
    from pyarrow import feather, parquet

    odd = pa.table(
        {
            "text": pa.array(["a", None, "a"]).dictionary_encode(),
            "age": [decimal.Decimal("1.50"), None, decimal.Decimal(2)],
            "work": [{"a": [1, 2]}, None, {"a": []}],
            "who": pa.array([datetime.datetime(2020, 1, 1), None, datetime.datetime(1969, 1, 1)]),
            "label": pa.array([[1, 2], [], None], pa.list_(pa.int64())),
        }
    )
    made = []
    with TemporaryDirectory() as folder:
        for table in (pa.Table.from_pylist(ROWS), odd):
            first, second, third = (Path(folder) / name for name in COLUMNAR)
            parquet.write_table(table, first, compression="zstd")
            feather.write_feather(table, str(second))
            with pa.ipc.new_stream(str(third), table.schema) as writer:
                writer.write_table(table)
            made += [{path.name: path.read_bytes()} for path in (first, second, third)]
    return made


def texts(_: Path) -> list[Files]:
    """Return a folder of texts, and one of parts of data."""
    files = {f"{row['label'] or 'none'}/{n}.txt": str(row["text"]) for n, row in enumerate(ROWS)}
    folder = {name: text.encode() for name, text in files.items()}
    return [
        folder,
        {f"{part}/{name}": text for part in ("train", "test") for name, text in folder.items()},
    ]


def features(folder: Path) -> list[Files]:
    """Return a folder that can be found, with what makes rows into inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = write_safetensors(folder / WEIGHTS, {"weight": (3, 4), "bias": (3,)}).read_bytes()
    plain = {CONFIG: json.dumps(config()).encode(), WEIGHTS: weights}
    return [{**plain, FEATURES: json.dumps(STATED).encode()}]


def tokenizers(folder: Path) -> list[Files]:
    """Return folders that can be found, with tokenizers of three kinds."""
    from tests.tokenizers_made import byte_pairs, unigrams, word_pieces

    (plain,) = features(folder / "found")
    del plain[FEATURES]
    made = []
    for number, make in enumerate((word_pieces, byte_pairs, unigrams)):
        files = make(folder / str(number)).iterdir()
        made.append({**plain, **{file.name: file.read_bytes() for file in files}})
    return made


def mutate_lines(files: Files, chance: Chance) -> Files:
    """Return a table in text with other cells, columns, encodings or bytes."""
    if CSV in files:
        return {CSV: edit_csv(files[CSV], chance, COLUMNS, ("17", "17.0", "-1", "NaN", "1e400"))}
    rows = [json.loads(line) for line in files[JSONL].splitlines()]
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.randrange(len(rows))
        edited = chance.random() < 0.8
        rows[at] = edit_json(rows[at], chance, COLUMNS) if edited else hostile(chance)
    ends = (b"\n", b"\r\n", b"\n\n", b"\x00", b"\n\xef\xbb\xbf")
    end = ends[0] if chance.random() < 0.8 else chance.choice(ends)
    return {
        JSONL: end.join(
            to_json(row) if chance.random() < 0.97 else json_bytes(row, chance) for row in rows
        )
    }


def mutate_columnar(files: Files, chance: Chance) -> Files:
    """Return a table by columns with numbers or bytes changed."""
    ((name, content),) = files.items()
    return {name: mutate_table(content, chance)}


def mutate_texts(files: Files, chance: Chance) -> Files:
    """Return a folder with other texts, names and encodings."""
    changed = dict(files)
    for _ in range(chance.choice([1, 2, 3])):
        name = chance.choice(list(files))
        text = changed[name].decode("utf-8", "replace") + chance.choice(TEXTS)
        match chance.randrange(6):
            case 0:
                changed[name] = edit_bytes(changed[name], chance)
            case 1:
                changed[name] = text.encode(chance.choice(_ENCODINGS), "replace")
            case 2:
                changed[name] = changed[name][:64] * chance.choice([0, 1, 40, 90_000])
            case 3:
                deep = "/".join(["d"] * chance.choice([3, 120, 1200]))
                changed[chance.choice([f"{deep}/x.txt", "a/\n.txt", "\udcff.txt", "é.txt"])] = b"x"
            case 4:
                others = ("metadata.csv", "x.md", "x.txt/y.txt", ".x.txt", "x.png", "train/x.txt")
                changed[chance.choice(others)] = chance.choice([b"", b"x", b"\0"])
            case _:
                changed[name] = text.encode("utf-8", "replace")
    return changed


def mutate_features(files: Files, chance: Chance) -> Files:
    """Return a folder whose features are others."""
    edited = edit_json(json.loads(files[FEATURES]), chance, edits=chance.choice([1, 1, 2]))
    for _ in range(chance.choice([0, 0, 1])):
        listed = edited.get("features") if isinstance(edited, dict) else None
        if isinstance(listed, list) and listed and isinstance(listed[0], dict):
            chance.choice([f for f in listed if isinstance(f, dict)])[chance.choice(_NAMES)] = hostile(
                chance
            )
    return {**files, FEATURES: json_bytes(edited, chance)}


def mutate_tokenizer(files: Files, chance: Chance) -> Files:
    """Return a folder whose tokenizer is another, the long vocabulary mostly left as it is."""
    name = TOKENIZER if chance.random() < 0.8 else "tokenizer_config.json"
    stated = json.loads(files[name])
    if name == TOKENIZER and chance.random() < 0.7:
        part = chance.choice([key for key in stated if key != "model"])
        stated[part] = edit_json([stated[part]], chance)
        if isinstance(stated[part], list) and len(stated[part]) == 1:
            stated[part] = stated[part][0]
    elif name == TOKENIZER and chance.random() < 0.7:
        model = stated["model"]
        rest = {key: value for key, value in model.items() if key not in {"vocab", "merges"}}
        edited = edit_json(rest, chance)
        stated["model"] = {**model, **edited} if isinstance(edited, dict) else edited
    else:
        stated = edit_json(stated, chance, _PARTS)
    return {**files, name: json_bytes(stated, chance)}
