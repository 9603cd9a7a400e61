"""What the program itself keeps, damaged so that it can still be read: an answer, never a fault."""

import io
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.privacy.entry_forms import is_content, is_entry
from dataselect_gui.records.cleaning.image import clean_image, says_nothing_else
from dataselect_gui.records.image_formats.png import chunk
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.window import settings as remembered
from tests.fuzz.kept import head_of
from tests.fuzz.tiff import build, entry
from tests.helpers import hugging_face_folder, png_header, preprocessor, write_json
from tests.ledgers import Desk
from tests.projects import consortium, owner_records, scored_project

DAMAGED: dict[str, list[object]] = {
    "rule": [[], "x", {"score": "loss"},
             {"score": "loss", "by": "threshold", "value": "x", "lowest": False},
             {"score": "/etc/hostname", "by": "threshold", "value": "1", "lowest": False},
             {"score": "loss", "by": [], "value": "1", "lowest": False}],
    "withheld": [7, None, [[]], ["\ud800"]],
    "opted_out": [7, [None]],
    "table": ["../x", "/etc/hostname", "", 7, "table-7", "table-1\0"],
    "scores": [{"../loss": {}}, None, [], {"loss": 7}, {"0": {"../loss": {}}}, {"0": {"loss": 7}}],
    "loose_scores": ["../x", "", 7, None],
    "source": [None, {}, {"path": 7}, {"path": "\0", "unit_column": None, "label_column": None}],
    "checkpoint": [{}, *({"path": "x", "digest": digest} for digest in (None, "", "../x", "a/b"))],
    "demo": [None, "yes"],
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    return scored_project(root / "p.dataselect", owner_records(root / "r.npz"), consortium(root / "c"))


@pytest.mark.parametrize(("key", "value"), [(k, v) for k, values in DAMAGED.items() for v in values])
def test_damaged_settings_are_not_opened(project: Path, key: str, value: object) -> None:
    path = project / "project.json"
    before = path.read_text(encoding="utf-8")
    workflow.scores(project)
    path.write_text(json.dumps({**json.loads(before), key: value}), encoding="utf-8")
    try:
        with pytest.raises(UnusableError):
            workflow.scores(project)
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    "stored", [{"theme": []}, {"theme": {}}, {"geometry": "é"}, {"tile": []}, {"recent": [1]}]
)
def test_whatever_the_window_remembers_it_starts(
    stored: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path))
    (tmp_path / "settings.json").write_text(json.dumps({"version": 1, **stored}), encoding="utf-8")
    read = remembered.load()
    assert (read.theme, read.geometry_bytes, read.tile, read.recent) == ("system", b"", 128, {})


GOOD = {"date": "2024-01-01", "nonce": "x"}
BUDGET: dict[str, object] = {**GOOD, "epsilon": "4", "reason": "x"}
RESERVED: dict[str, object] = {
    **GOOD,
    "release": "x",
    "key": "x",
    "unit": None,
    "per_unit": 1,
    "terms": {},
}
CHARGED: dict[str, object] = {
    **RESERVED,
    "epsilon": "1",
    "delta": "0",
    "one_sided": False,
    "loss": ["discrete-laplace", 2, 1],
}


@pytest.mark.parametrize(
    ("kind", "body"), [("budget", BUDGET), ("reserved", RESERVED), ("reserved", CHARGED)]
)
def test_entries_as_the_program_writes_them(kind: str, body: dict[str, object]) -> None:
    assert is_entry(kind, body)
    for name in body.keys() - {"terms", "epsilon"}:
        assert not is_entry(kind, {key: value for key, value in body.items() if key != name})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("note", GOOD),
        (7, GOOD),
        ("budget", None),
        ("budget", {**BUDGET, "epsilon": 4}),
        ("budget", {**BUDGET, "epsilon": "NaN"}),
        ("budget", {**BUDGET, "epsilon": "1e999999"}),
        ("budget", {**BUDGET, "reason": "\ud800"}),
        ("reserved", {**RESERVED, "per_unit": True}),
        ("reserved", {**RESERVED, "terms": []}),
        ("reserved", {**CHARGED, "loss": ["discrete-laplace", 2]}),
        ("reserved", {**CHARGED, "loss": ["laplace", 2, 1]}),
        ("reserved", {**CHARGED, "loss": ["discrete-laplace", float("inf"), 1]}),
        ("opened", {**GOOD, "content": "x"}),
        ("published", {**GOOD, "release": "x", "epsilon": ["1"]}),
        ("joined", {**GOOD, "account": "x", "epsilon": {}}),
        ("drawn", {**GOOD, "release": "x", "content": 64 * "0", "reason": 7}),
        ("reserved", {**RESERVED, "threshold_of": ["loss"]}),
    ],
)
def test_entries_of_another_form(kind: object, body: object) -> None:
    assert not is_entry(kind, body)


def test_contents_are_made_of_whole_pieces() -> None:
    assert is_content("sealed", bytes(80))
    assert is_content("drawn", b"anything")
    assert not is_content("sealed", bytes(81))
    assert not is_content("opened", b"")
    assert not is_content("kept", "text")


@pytest.mark.parametrize("body", ['{"date": 1}', "[1]", "9" * 5000, "[" * 5000 + "]" * 5000, "{"])
def test_a_chain_that_fits_and_says_nothing_is_refused(body: str, tmp_path: Path) -> None:
    """Somebody wrote the links and the head anew."""
    import hashlib

    Desk(tmp_path).claim({bytes(32)})
    path, head = tmp_path / "ledger.sqlite", tmp_path / "ledger.head"
    with sqlite3.connect(path) as database:
        account, kind = database.execute("SELECT account, kind FROM entries").fetchone()
        link = hashlib.sha256(f"\n{json.dumps([1, account, kind, body])}".encode()).hexdigest()
        database.execute("UPDATE entries SET body = ?, hash = ?", (body, link))
    database.close()
    head.write_bytes(head_of(path.read_bytes(), head.read_bytes()))
    with pytest.raises(RefusedError, match="not as it was left"):
        Desk(tmp_path).accounts()


def test_a_directory_behind_all_places_is_damage() -> None:
    file = build([entry(256, 4, [1])])
    far = b"II+\0\x08\0\0\0" + b"\xff" * 8 + file
    with pytest.raises(UnreadableRecordError):
        decode_image(far)


def test_a_png_whose_header_is_cut_is_no_clean_one() -> None:
    whole = png_header(4, 4)
    assert whole[12:16] == b"IHDR"
    short = whole[:8] + b"\0\0\0\x08IHDR" + whole[16:24]
    import zlib

    short += zlib.crc32(short[12:]).to_bytes(4, "big") + whole[33:]
    assert not says_nothing_else("png", short)


@pytest.mark.parametrize(
    "changed",
    [
        {"image_processor_type": "ConvNextImageProcessor", "size": {"height": 16, "width": 16}},
        {
            "image_processor_type": "CLIPImageProcessor",
            "size": {"shortest_edge": 16},
            "do_center_crop": True,
            "crop_size": {"longest_edge": 16},
        },
        {
            "image_processor_type": "ViTImageProcessor",
            "size": {"shortest_edge": 16},
            "rescale_factor": "x",
        },
    ],
)
def test_a_processor_that_fails_has_its_reason(changed: dict[str, object], tmp_path: Path) -> None:
    hugging_face_folder(tmp_path)
    write_json(tmp_path / "preprocessor_config.json", {**preprocessor(16, 1), **changed})
    with pytest.raises((UnusableError, UnreadableRecordError)):
        Preprocessor(find_checkpoint(tmp_path).final, 1)(Image.new("L", (20, 14)))


def test_sixteen_bits_stay_sixteen_where_one_value_is_transparent() -> None:
    deep = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    written = io.BytesIO()
    Image.fromarray(deep).save(written, "PNG")
    start, end = written.getvalue()[:33], written.getvalue()[33:]
    stored = start + chunk(b"tRNS", b"\x13\x88") + end
    assert "transparency" in decode_image(stored).info
    extension, cleaned = clean_image(stored)
    assert extension == "png"
    assert np.array_equal(np.asarray(decode_image(cleaned)), deep)
    assert says_nothing_else(extension, cleaned)
