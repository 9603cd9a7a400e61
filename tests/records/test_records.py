import csv
import io
import json
import os
import struct
import tracemalloc
import unicodedata
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.kinds.arrays import ARRAYS
from dataselect_gui.records.kinds.images import IMAGES
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.records.source import Problem, Source, SourceRef, UnreadableRecordError
from tests.helpers import array_file, image_folder, png_header, write_image

pytestmark = pytest.mark.filterwarnings(
    "ignore::PIL.Image.DecompressionBombWarning",
    "ignore:Truncated File Read:UserWarning",
    "ignore:Palette images with Transparency:UserWarning",
)

NOISE = np.random.default_rng(0).integers(0, 256, (4, 5, 6), dtype=np.uint8)
METADATA = ("metadata.csv", "metadata.jsonl")


def pixels(source: Source, index: int) -> NDArray[np.generic]:
    return np.asarray(source.kind.decode(source.read(index)))


def reasons(source: Source) -> dict[str, str]:
    return {problem.id: problem.reason for problem in source.problems}


def as_png(image: Image.Image, **options: object) -> bytes:
    stored = io.BytesIO()
    image.save(stored, "PNG", **options)
    return stored.getvalue()


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


# Folders


def test_ids_are_relative_paths_in_order_whatever_the_disk_returns(tmp_path: Path) -> None:
    image_folder(tmp_path, ["dog/z.png", "cat/b.JPG", "cat/a.tiff", "cat/deep/c.webp"])
    source = open_source(SourceRef(tmp_path))
    assert source.ids == ["cat/a.tiff", "cat/b.JPG", "cat/deep/c.webp", "dog/z.png"]
    assert source.labels == ["cat", "cat", "cat", "dog"]
    assert source.units is None
    assert source.kind is IMAGES


def test_ids_are_in_composed_unicode_form_and_still_read(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Kätzchen/ü.png")
    write_image(tmp_path / decomposed)
    source = open_source(SourceRef(tmp_path))
    assert source.ids == [unicodedata.normalize("NFC", decomposed)]
    assert source.labels == ["Kätzchen"]
    assert pixels(source, 0).shape == (6, 8, 3)


def test_two_files_of_one_composed_name_are_one_record_and_one_problem(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        write_image(tmp_path / unicodedata.normalize(form, "ü.png"))
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system keeps one Unicode form")
    source = open_source(SourceRef(tmp_path))
    assert source.ids == ["ü.png"]
    assert "Unicode form" in reasons(source)["ü.png"]


def test_images_at_the_root_have_no_label(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png", "cat/b.png"])
    assert open_source(SourceRef(tmp_path)).labels == [None, "cat"]


def test_other_files_are_counted_and_hidden_ones_are_no_records(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png", ".hidden.png", "cat/._a.png", ".thumbs/b.png"])
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "__MACOSX").mkdir()
    write_image(tmp_path / "__MACOSX" / "c.png")
    source = open_source(SourceRef(tmp_path))
    assert source.ids == ["a.png"]
    assert source.ignored == 3
    assert not source.problems


@pytest.mark.parametrize("name", ["broken link", "folder", "fifo", "link to itself"])
@pytest.mark.timeout(20)
def test_what_only_looks_like_an_image_is_a_problem_and_never_hangs(tmp_path: Path, name: str) -> None:
    write_image(tmp_path / "good.png")
    odd = tmp_path / "odd.png"
    match name:
        case "broken link":
            odd.symlink_to(tmp_path / "nowhere.png")
        case "folder":
            write_image(odd / "inside.png")
        case "fifo":
            os.mkfifo(odd)
        case "link to itself":
            odd.symlink_to(odd)
    source = open_source(SourceRef(tmp_path))
    assert source.ids == ["good.png"]
    assert list(reasons(source)) == ["odd.png"]


@pytest.mark.timeout(20)
def test_a_file_that_became_a_fifo_does_not_hang(tmp_path: Path) -> None:
    image = write_image(tmp_path / "a.png")
    source = open_source(SourceRef(tmp_path))
    image.unlink()
    os.mkfifo(image)
    with pytest.raises(UnreadableRecordError, match="regular file"):
        source.read(0)


def test_a_file_that_vanished_is_told_without_its_path(tmp_path: Path) -> None:
    image = write_image(tmp_path / "secret-name.png")
    source = open_source(SourceRef(tmp_path))
    image.unlink()
    with pytest.raises(UnreadableRecordError, match="no longer there") as caught:
        source.read(0)
    assert "secret" not in str(caught.value)


def test_a_name_that_is_not_text_is_a_problem_with_a_printable_id(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes no such name")
    source = open_source(SourceRef(tmp_path))
    assert source.ids == ["a.png"]
    (problem,) = source.problems
    assert problem.id.encode("utf-8").endswith(b".png")
    assert "UTF-8" in problem.reason


def test_a_folder_without_images_is_refused_and_says_what_was_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("x")
    with pytest.raises(UnusableError, match="1 other file was passed over"):
        open_source(SourceRef(tmp_path))


@pytest.mark.parametrize("name", ["nothing-here", "notes.txt"])
def test_what_is_no_source_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UnusableError, match=name):
        open_source(SourceRef(tmp_path / name))


def test_the_content_hash_follows_the_stored_bytes(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png", "b.png"])
    (tmp_path / "c.png").write_bytes((tmp_path / "a.png").read_bytes())
    source = open_source(SourceRef(tmp_path))
    first, second, third = (content_hash(source.read(index)) for index in range(3))
    assert first == third != second
    assert len(first) == 32


# Metadata files


@pytest.mark.parametrize("name", METADATA)
def test_a_metadata_file_decides_records_labels_and_units(tmp_path: Path, name: str) -> None:
    image_folder(tmp_path, ["cat/a.png", "cat/b.png", "dog/c.png"])
    write_rows(
        tmp_path / name,
        [
            {"file_name": "dog/c.png", "label": "bird", "patient": "p2", "finding": "f1"},
            {"file_name": "./cat/a.png", "label": "fish", "patient": "p1", "finding": "f2"},
        ],
    )
    usual = open_source(SourceRef(tmp_path))
    assert usual.ids == ["cat/a.png", "dog/c.png"]
    assert usual.labels == ["fish", "bird"]
    assert usual.units is None
    assert usual.columns == ["label", "patient", "finding"]
    assert usual.ignored == 1
    named = open_source(SourceRef(tmp_path, label_column="finding", unit_column="patient"))
    assert named.labels == ["f2", "f1"]
    assert named.units == ["p1", "p2"]


def test_a_label_of_another_type_is_told_as_text_and_an_empty_one_is_none(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png", "b.png", "c.png", "d.png"])
    (tmp_path / "metadata.jsonl").write_text(
        '{"file_name": "a.png", "label": 3}\n\n'
        '{"file_name": "b.png", "label": null}\n'
        '{"file_name": "c.png", "label": ""}\n'
        '{"file_name": "d.png"}\n'
    )
    assert open_source(SourceRef(tmp_path)).labels == ["3", None, None, None]


def test_a_record_that_names_no_person_is_a_person_of_its_own(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png", "b.png", "c.png"])
    people = {"a.png": "p", "b.png": "", "c.png": ""}
    rows = [{"file_name": name, "who": who} for name, who in people.items()]
    write_rows(tmp_path / "metadata.csv", rows)
    units = open_source(SourceRef(tmp_path, unit_column="who")).units
    assert units is not None
    assert len(set(units)) == 3


def test_every_label_and_person_can_be_written(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png"])
    row = '{"file_name": "a.png", "label": "\\ud800", "who": "p\\udfff"}\n'
    (tmp_path / "metadata.jsonl").write_text(row)
    source = open_source(SourceRef(tmp_path, unit_column="who"))
    assert (source.labels, source.units) == (["?"], ["p?"])


def test_a_person_has_one_name_however_it_was_typed(tmp_path: Path) -> None:
    """Or somebody would be several units, and several times as many of their records could leave."""
    image_folder(tmp_path, [f"{letter}.png" for letter in "abcde"])
    people = dict(zip("abcde", ["Zoë", "Zoe\u0308", " Zoë", "Zoë\t", " "], strict=True))
    rows = [{"file_name": f"{letter}.png", "who": who} for letter, who in people.items()]
    write_rows(tmp_path / "metadata.csv", rows)
    assert open_source(SourceRef(tmp_path, unit_column="who")).units == ["Zoë"] * 4 + ["record e.png"]


@pytest.mark.parametrize("column", ["label_column", "unit_column"])
@pytest.mark.parametrize("name", METADATA)
def test_a_missing_column_is_told_with_those_that_exist(tmp_path: Path, name: str, column: str) -> None:
    image_folder(tmp_path, ["a.png"])
    write_rows(tmp_path / name, [{"file_name": "a.png", "label": "cat", "age": "3"}])
    with pytest.raises(UnusableError, match=r"“weight”.*label, age"):
        open_source(
            SourceRef(tmp_path, "weight")
            if column == "label_column"
            else SourceRef(tmp_path, unit_column="weight")
        )


@pytest.mark.parametrize("name", METADATA)
@pytest.mark.parametrize("file", ["a", "a.png", ""])
def test_lines_of_a_metadata_file_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, file: str
) -> None:
    """Each line that names no file costs memory: a small file must not make millions of them."""
    monkeypatch.setattr("dataselect_gui.records.metadata._MOST_UNKNOWN", 1000)
    write_image(tmp_path / "a.png")
    rows = [{"file_name": file, "label": "cat"}] * 1001
    write_rows(tmp_path / name, rows)
    assert len(open_source(SourceRef(tmp_path)).problems) in {1000, 1001}
    write_rows(tmp_path / name, [*rows, *rows])
    with pytest.raises(UnusableError, match="1,000 files more than the folder holds"):
        open_source(SourceRef(tmp_path))


def test_a_metadata_file_of_millions_of_lines_is_refused_early(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("file_name\n" + "a\n" * 4_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError, match="too many lines"):
            open_source(SourceRef(tmp_path))
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()


def test_a_column_without_a_metadata_file_is_refused(tmp_path: Path) -> None:
    image_folder(tmp_path, ["cat/a.png"])
    with pytest.raises(UnusableError, match=r"metadata\.csv or metadata\.jsonl"):
        open_source(SourceRef(tmp_path, unit_column="patient"))


@pytest.mark.parametrize("name", METADATA)
@pytest.mark.parametrize(
    "bad", [b"\x81\xff\n", b"x" * 2_000_000 + b"\n"], ids=["not UTF-8", "too long"]
)
@pytest.mark.parametrize("line", [2, 3, 40])
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, name: str, bad: bytes, line: int) -> None:
    image_folder(tmp_path, ["a.png"])
    row = b"a.png\n" if name.endswith("csv") else b'{"file_name": "a.png"}\n'
    first = b"file_name\n" if name.endswith("csv") else row
    (tmp_path / name).write_bytes(first + row * (line - 2) + bad + row)
    with pytest.raises(UnusableError, match=rf"Line {line} is not"):
        open_source(SourceRef(tmp_path))


@pytest.mark.parametrize(
    "bad",
    ["[1]", "{", '"a.png"', "NaN", '{"file_name": ' + "1" * 5000 + "}", "[" * 100_000],
    ids=["list", "cut off", "text", "number", "huge number", "deep"],
)
def test_a_line_that_is_no_json_object_is_told_with_its_number(tmp_path: Path, bad: str) -> None:
    image_folder(tmp_path, ["a.png"])
    (tmp_path / "metadata.jsonl").write_text(f'{{"file_name": "a.png"}}\n{bad}\n')
    with pytest.raises(UnusableError, match="Line 2 is not a JSON object"):
        open_source(SourceRef(tmp_path))


@pytest.mark.parametrize("content", ["", "file,label\na.png,x\n", "file_name,label\n"])
def test_a_metadata_file_without_names_is_refused(tmp_path: Path, content: str) -> None:
    image_folder(tmp_path, ["a.png"])
    (tmp_path / "metadata.csv").write_text(content)
    with pytest.raises(UnusableError, match="file_name"):
        open_source(SourceRef(tmp_path))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../outside.png", "outside the source"),
        ("a/../../outside.png", "outside the source"),
        ("/etc/outside.png", "outside the source"),
        ("..\\outside.png", "outside the source"),
        ("missing.png", "no such file"),
        ("notes.txt", "Not an image"),
        ("", "names no file"),
        ("a.png", "twice"),
        ("link.png", "link to a file"),
    ],
)
def test_a_name_that_is_no_record_is_a_problem(tmp_path: Path, name: str, reason: str) -> None:
    source_folder = tmp_path / "source"
    image_folder(source_folder, ["a.png"])
    write_image(tmp_path / "outside.png")
    (source_folder / "notes.txt").write_text("x")
    (source_folder / "link.png").symlink_to("nowhere.png")
    rows = [{"file_name": "a.png", "label": "1"}, {"file_name": name, "label": "2"}]
    write_rows(source_folder / "metadata.csv", rows)
    source = open_source(SourceRef(source_folder))
    assert source.ids == ["a.png"]
    assert source.labels == ["1"]
    (problem,) = source.problems
    assert reason in problem.reason


def test_every_problem_has_an_id_that_can_be_written(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png"])
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a.png"}\n{"file_name": "\\ud800.png"}\n')
    for problem in open_source(SourceRef(tmp_path)).problems:
        problem.id.encode("utf-8")


# One image


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, lambda upright: upright),
        (2, np.fliplr),
        (3, lambda upright: np.rot90(upright, 2)),
        (4, np.flipud),
        (5, np.transpose),
        (6, lambda upright: np.rot90(upright, 1)),
        (7, lambda upright: np.rot90(upright, 2).T),
        (8, lambda upright: np.rot90(upright, -1)),
        (99, lambda upright: upright),
    ],
)
def test_an_image_is_decoded_upright(orientation: int, stored: object) -> None:
    assert callable(stored)
    upright = NOISE[0]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored(upright)))
    np.testing.assert_array_equal(np.asarray(decode_image(as_png(image, exif=exif))), upright)


def test_only_the_first_frame_of_an_animation_is_decoded() -> None:
    frames = [Image.new("L", (7, 5), grey) for grey in (10, 120, 240)]
    stored = io.BytesIO()
    frames[0].save(stored, "GIF", save_all=True, append_images=frames[1:])
    decoded = decode_image(stored.getvalue())
    assert set(np.asarray(decoded.convert("L")).ravel()) == {10}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_usual_mode_is_decoded_as_it_is(mode: str) -> None:
    stored = io.BytesIO()
    Image.new(mode, (3, 2)).save(stored, "TIFF" if mode == "CMYK" else "PNG")
    decoded = decode_image(stored.getvalue())
    assert (decoded.mode, decoded.size) == (mode, (3, 2))


def test_damaged_exif_does_not_cost_a_good_image() -> None:
    stored = io.BytesIO()
    Image.fromarray(NOISE[0]).save(stored, "JPEG", exif=b"Exif\0\0no tags here")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert decode_image(stored.getvalue()).size == (6, 5)


def gif_header(width: int, height: int) -> bytes:
    screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x80, 0, 0) + bytes(6)
    return screen + struct.pack("<BHHHHB", 0x2C, 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"


def bmp_header(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + 12, 0, 0, 54) + info + bytes(12)


@pytest.mark.parametrize(
    "stored",
    [
        png_header(9_460, 9_460),
        png_header(11_000, 10_000),
        png_header(60_000, 60_000),
        gif_header(65_535, 65_535),
        bmp_header(30_000, 30_000),
    ],
    ids=["just too large", "twice", "huge", "GIF", "BMP"],
)
def test_a_bomb_is_refused_before_anything_is_unpacked(
    monkeypatch: pytest.MonkeyPatch, stored: bytes
) -> None:
    unpacked: list[Image.Image] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", unpacked.append)
    with pytest.raises(UnreadableRecordError, match="million"):
        decode_image(stored)
    assert not unpacked


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (b"", "empty"),
        (bytes(4096), "zeros"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS"),
        (b"\xff\xd8\xff\xe0", "cut off or damaged"),
        (as_png(Image.fromarray(NOISE[0]))[:-40], "cut off or damaged"),
        (b"some text", "known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "known format"),
    ],
)
def test_a_file_that_is_no_image_is_told_in_our_own_words(stored: bytes, reason: str) -> None:
    with pytest.raises(UnreadableRecordError, match=reason) as caught:
        decode_image(stored)
    assert str(caught.value).endswith(".")


def test_a_file_larger_than_any_image_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(1 << 30)
    source = open_source(SourceRef(tmp_path))
    with pytest.raises(UnreadableRecordError, match="512 MiB"):
        source.read(0)


def test_reasons_never_hold_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "secret-clinic"
    image_folder(folder, ["good.png"])
    contents = (b"", b"text", bytes(99), b"\x89PNG\r\n\x1a\n", png_header(60_000, 60_000))
    for index, content in enumerate(contents):
        (folder / f"bad-{index}.png").write_bytes(content)
    (folder / "link.png").symlink_to(tmp_path / "secret-clinic-2")
    (folder / "folder.png").mkdir()
    source = open_source(SourceRef(folder))
    told = [problem.reason for problem in source.problems]
    for index in range(len(source.ids)):
        try:
            pixels(source, index)
        except UnreadableRecordError as error:
            told.append(str(error))
    assert len(told) == 2 + len(contents)
    assert not [reason for reason in told if "secret" in reason or "bad-" in reason]


# Arrays


def test_array_rows_are_records_with_their_number_as_id(tmp_path: Path) -> None:
    path = array_file(tmp_path / "a.npz", x=NOISE, y=np.array([1, 0, 1, 2]))
    source = open_source(SourceRef(path))
    assert source.kind is ARRAYS
    assert source.ids == ["0", "1", "2", "3"]
    assert source.labels == ["1", "0", "1", "2"]
    assert source.classes is None
    for index in range(4):
        np.testing.assert_array_equal(pixels(source, index), NOISE[index])


def test_array_labels_take_the_names_of_the_classes(tmp_path: Path) -> None:
    classes = np.array(["cat", "dog", "bird"])
    path = array_file(tmp_path / "a.npz", x=NOISE, y=np.array([2, 0, 1, -1]), classes=classes)
    source = open_source(SourceRef(path))
    assert source.labels == ["bird", "cat", "dog", None]
    assert source.classes == ["cat", "dog", "bird"]


def test_other_columns_may_be_label_and_unit(tmp_path: Path) -> None:
    path = array_file(
        tmp_path / "a.npz",
        x=NOISE,
        y=np.arange(4),
        z=np.array(["p", "q", "", "p"]),
        who=np.array([7, 7, 8, 9]),
        classes=np.array(["a", "b", "c", "d"]),
        matrix=np.eye(4),
    )
    source = open_source(SourceRef(path, label_column="z", unit_column="who"))
    assert source.labels == ["p", "q", None, "p"]
    assert source.units == ["7", "7", "8", "9"]
    assert source.classes is None
    assert sorted(source.columns) == ["who", "y", "z"]
    with pytest.raises(UnusableError, match=r"“age”.*who"):
        open_source(SourceRef(path, unit_column="age"))


@pytest.mark.parametrize(
    ("column", "units"),
    [
        (np.array([-7, -7, -(2**62), 0]), ["-7", "-7", str(-(2**62)), "0"]),
        (np.array([1.5, 1.5, -2.0, np.nan]), ["1.5", "1.5", "-2", "record 3"]),
        (np.array([np.inf, np.inf, 3.0, 3.0]), ["inf", "inf", "3", "3"]),
        (np.array([True, False, True, False]), ["True", "False", "True", "False"]),
        (np.array(["Zoë", "Zoe\u0308", " Zoë ", " "]), ["Zoë", "Zoë", "Zoë", "record 3"]),
        (np.array([b"p", b"p ", b"q", b""]), ["p", "p", "q", "record 3"]),
        (np.array(["\ud800", "p", b"\xff".decode("latin-1"), ""]), ["?", "p", "ÿ", "record 3"]),
    ],
)
def test_whatever_names_a_person_in_an_array_is_a_person(
    tmp_path: Path, column: NDArray[Any], units: list[str]
) -> None:
    """Somebody who is taken for nobody would be as many units as they have records."""
    path = array_file(tmp_path / "a.npz", x=NOISE, who=column)
    assert open_source(SourceRef(path, unit_column="who")).units == units


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (np.array([0.0, 1.0, np.nan, np.inf]), ["0", "1", None, None]),
        (np.array(["a", "b", "", "c"]), ["a", "b", None, "c"]),
        (np.array([b"a", b"b", b"", b"c"]), ["a", "b", None, "c"]),
        (np.array([0, 1, -1, 2], dtype=np.int8), ["0", "1", "-1", "2"]),
        (np.array([0.5, -3.0, 1e-9, 2]), ["0.5", "-3", "1e-09", "2"]),
        (np.array([[0], [1], [7], [2]], dtype=np.uint8), ["0", "1", "7", "2"]),
        (np.eye(4, 2, dtype=np.uint8), ["[1.0, 0.0]", "[0.0, 1.0]", "[0.0, 0.0]", "[0.0, 0.0]"]),
        (np.array([[0.5, np.nan]] * 4), ["[0.5, null]"] * 4),
    ],
    ids=["float", "text", "bytes", "int", "decimals", "column", "flags", "numbers"],
)
def test_labels_of_every_type_are_names(
    tmp_path: Path, values: NDArray[np.generic], labels: list[str | None]
) -> None:
    assert open_source(SourceRef(array_file(tmp_path / "a.npz", x=NOISE, y=values))).labels == labels


@pytest.mark.parametrize("form", ["arrays", "table"])
@pytest.mark.parametrize(
    ("values", "named", "labels"),
    [
        ([0, 2, -1, 1], True, ["bird", "dog", None, "cat"]),
        ([0.0, 2.0, -1.0, float("nan")], True, ["bird", "dog", None, None]),
        ([True, False, True, False], True, ["cat", "bird", "cat", "bird"]),
        ([True, False, True, False], False, ["1", "0", "1", "0"]),
        ([0, 3, 1, 2], False, ["0", "3", "1", "2"]),
        (["cat", "x", "", "dog"], True, ["cat", "x", None, "dog"]),
        ([0, 3, 1, 2], True, None),
    ],
    ids=["numbers", "floats", "truth", "truth alone", "numbers alone", "names", "beyond"],
)
def test_labels_are_read_alike_in_arrays_and_tables(
    tmp_path: Path, form: str, values: list[Any], named: bool, labels: list[str | None] | None
) -> None:
    """By the names of the source's classes, where it states them; beyond them nothing is guessed."""
    classes = ["bird", "cat", "dog"]
    if form == "arrays":
        names = {"classes": np.array(classes)} if named else {}
        path = array_file(tmp_path / "a.npz", x=NOISE, y=np.array(values), **names)
    else:
        path = labelled_table(tmp_path / "a.parquet", values, classes if named else None)
    if labels is None:
        with pytest.raises(UnusableError, match="beyond the names of its classes"):
            open_source(SourceRef(path))
    else:
        assert open_source(SourceRef(path)).labels == labels


def labelled_table(path: Path, labels: list[Any], classes: list[str] | None) -> Path:
    """Write images with labels as the datasets library does."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    features: dict[str, object] = {"image": {"_type": "Image"}}
    if classes is not None:
        features["label"] = {"_type": "ClassLabel", "names": classes}
    stored = pa.array([{"bytes": b"x", "path": "a.png"}] * len(labels))
    rows = pa.table({"image": stored, "label": labels})
    said = json.dumps({"info": {"features": features}})
    write_table(rows.replace_schema_metadata({"huggingface": said}), path)
    return path


def test_flags_take_the_names_of_as_many_classes(tmp_path: Path) -> None:
    path = array_file(
        tmp_path / "a.npz", x=NOISE, y=np.array([[1, 0]] * 4), classes=np.array(["cat", "dog"])
    )
    assert open_source(SourceRef(path)).labels == ['{"cat": "1", "dog": "0"}'] * 4


def test_several_columns_of_labels_are_one_label(tmp_path: Path) -> None:
    rule = LabelRule(columns=("sick", "old"))
    path = array_file(
        tmp_path / "a.npz", x=NOISE, sick=np.array([1, 0, -1, 1]), old=np.array([0.0, np.nan, 1, 1])
    )
    first = ['{"sick": "1", "old": "0"}', '{"sick": "0", "old": ""}', '{"sick": "-1", "old": "1"}']
    assert open_source(SourceRef(path, labels=rule)).labels[:3] == first
    folder = image_folder(tmp_path / "scans", ["a.png", "b.png"])
    (folder / "metadata.csv").write_text("file_name,sick,old\na.png,1,-1\nb.png,,0\n")
    in_folder = ['{"sick": "1", "old": "-1"}', '{"sick": "", "old": "0"}']
    assert open_source(SourceRef(folder, labels=rule)).labels == in_folder
    (folder / "metadata.csv").unlink()
    (folder / "metadata.jsonl").write_text(
        '{"file_name": "a.png", "sick": 1, "old": -1}\n{"file_name": "b.png", "old": 0}\n'
    )
    assert open_source(SourceRef(folder, labels=rule)).labels == in_folder
    for source in (path, folder):
        with pytest.raises(UnusableError, match="“tall”"):
            open_source(SourceRef(source, labels=LabelRule(columns=("old", "tall"))))


def test_a_row_of_numbers_names_nobody(tmp_path: Path) -> None:
    path = array_file(tmp_path / "a.npz", x=NOISE, y=np.eye(4))
    with pytest.raises(UnusableError, match="“y”"):
        open_source(SourceRef(path, unit_column="y"))


@pytest.mark.parametrize("labels", [np.arange(3), np.eye(3), np.zeros((4, 1, 1))])
def test_labels_that_do_not_fit_the_records_are_told(
    tmp_path: Path, labels: NDArray[np.generic]
) -> None:
    with pytest.raises(UnusableError, match="y"):
        open_source(SourceRef(array_file(tmp_path / "a.npz", x=NOISE, y=labels)))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_with_channels_are_decoded(tmp_path: Path, channels: int) -> None:
    rows = np.random.default_rng(1).integers(0, 256, (2, 5, 6, channels), dtype=np.uint8)
    source = open_source(SourceRef(array_file(tmp_path / "a.npz", x=rows)))
    np.testing.assert_array_equal(pixels(source, 1), rows[1].squeeze())


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_rows_go_in_as_they_are(tmp_path: Path, dtype: type[np.floating], order: str) -> None:
    rows = np.random.default_rng(1).normal(size=(3, 2, 5, 6)).astype(dtype)
    stored = np.asfortranarray(rows) if order == "F" else rows
    source = open_source(SourceRef(array_file(tmp_path / "a.npz", x=stored)))
    decoded = pixels(source, 2)
    assert decoded.dtype == dtype
    np.testing.assert_array_equal(decoded, rows[2])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_is_unreadable_and_the_others_are_not(
    tmp_path: Path, value: float
) -> None:
    rows = np.zeros((3, 4), np.float32)
    rows[1, 2] = value
    source = open_source(SourceRef(array_file(tmp_path / "a.npz", x=rows)))
    with pytest.raises(UnreadableRecordError, match="finite"):
        pixels(source, 1)
    np.testing.assert_array_equal(pixels(source, 2), rows[2])


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((2, 3), np.int64),
        np.zeros((2, 3, 4, 5), np.uint8),
        np.zeros((2, 3), np.float16),
        np.zeros((0, 3), np.float32),
        np.zeros(3, np.float32),
    ],
    ids=["integers", "five channels", "half", "none", "flat"],
)
def test_records_of_an_unknown_type_are_refused(tmp_path: Path, rows: NDArray[np.generic]) -> None:
    with pytest.raises(UnusableError, match=r"a\.npz"):
        open_source(SourceRef(array_file(tmp_path / "a.npz", x=rows)))


def test_an_array_file_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="images, y"):
        open_source(SourceRef(array_file(tmp_path / "a.npz", images=NOISE, y=np.arange(4))))


class Payload:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.marker,))


@pytest.mark.parametrize("name", ["x", "y", "extra"])
def test_arrays_of_objects_are_refused_and_never_unpickled(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "marker"
    evil = np.empty(4, dtype=object)
    evil[0] = Payload(marker)
    path = array_file(tmp_path / "a.npz", **{"x": NOISE, name: evil})
    np.load(path, allow_pickle=True)[name]
    assert marker.exists(), "the payload works where it is let in"
    marker.unlink()
    with pytest.raises(UnusableError, match="never unpacked"):
        open_source(SourceRef(path))
    assert not marker.exists()


def npy(shape: tuple[int, ...], content: bytes) -> bytes:
    stored = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stored, header)
    return stored.getvalue() + content


@pytest.mark.parametrize("shape", [(10**12, 4, 4), (10**6, 10**6, 10**6, 10**6), (2, 4, 4)])
def test_a_header_that_lies_about_its_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy(shape, bytes(31)))
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError, match="damaged"):
            open_source(SourceRef(path))
        assert tracemalloc.get_traced_memory()[1] < 1 << 22
    finally:
        tracemalloc.stop()


def test_more_than_fits_into_memory_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy((10**14, 4, 4), bytes(1 << 20)))
        archive.filelist[0].file_size = 16 * 10**14
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError, match="too large to unpack"):
            open_source(SourceRef(path))
        assert tracemalloc.get_traced_memory()[1] < 1 << 22
    finally:
        tracemalloc.stop()


def damaged(kind: str, whole: bytes) -> bytes:
    content = bytearray(whole)
    directory = content.index(b"PK\x01\x02")
    match kind:
        case "cut off":
            return whole[: len(whole) // 2]
        case "data":
            # The first block of a deflate stream claims a type that does not exist.
            start = 30 + struct.unpack_from("<HH", content, 26)[0]
            start += struct.unpack_from("<HH", content, 26)[1]
            content[start] |= 0b111
        case "checksum":
            content[directory + 16] ^= 1
        case "encrypted":
            content[6] |= 1
            content[directory + 8] |= 1
        case "unknown compression":
            content[8] = content[directory + 10] = 99
        case "text":
            return b"not a zip"
    return bytes(content)


@pytest.mark.parametrize(
    "kind",
    ["cut off", "data", "checksum", "encrypted", "unknown compression", "text"],
)
def test_a_damaged_array_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = array_file(tmp_path / "a.npz", x=NOISE)
    path.write_bytes(damaged(kind, path.read_bytes()))
    with pytest.raises(UnusableError, match="damaged"):
        open_source(SourceRef(path))


def test_the_content_of_a_row_tells_its_shape_and_type_apart(tmp_path: Path) -> None:
    wide = open_source(SourceRef(array_file(tmp_path / "wide.npz", x=np.zeros((1, 2, 8), np.uint8))))
    high = open_source(SourceRef(array_file(tmp_path / "high.npz", x=np.zeros((1, 8, 2), np.uint8))))
    real = open_source(SourceRef(array_file(tmp_path / "real.npz", x=np.zeros((1, 2, 2), np.float32))))
    assert len({source.read(0) for source in (wide, high, real)}) == 3


# Real files


def test_every_odd_file_lands_where_its_manifest_says(shared_data: Path) -> None:
    folder = shared_data / "broken-images"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        manifest = {
            unicodedata.normalize("NFC", row["file"]): row["what"]
            for row in csv.DictReader(file)
            if os.path.lexists(folder / row["file"])
        }
    source = open_source(SourceRef(folder))
    unreadable = list(source.problems)
    readable = set()
    for index, record in enumerate(source.ids):
        try:
            pixels(source, index)
            readable.add(record)
        except UnreadableRecordError as error:
            unreadable.append(Problem(record, str(error)))
    assert readable == {name for name, what in manifest.items() if what.startswith("valid")}
    assert {problem.id for problem in unreadable} == manifest.keys() - readable
    assert "bomb_warning_11000x10000.png" not in readable
    for problem in unreadable:
        assert problem.reason[0].isupper()
        assert problem.reason.endswith(".")
        assert str(folder) not in problem.reason
        assert problem.id not in problem.reason


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (3, lambda stored: np.rot90(stored, 2)),
        (5, np.transpose),
        (8, lambda stored: np.rot90(stored, 1)),
    ],
)
def test_a_turned_x_ray_has_the_pixels_of_the_upright_one(
    shared_data: Path, orientation: int, turned: object
) -> None:
    assert callable(turned)
    folder = shared_data / "broken-images"
    upright = decode_image((folder / f"exif_orientation_{orientation}.jpeg").read_bytes())
    stored = np.asarray(decode_image((folder / "ok_gray.jpeg").read_bytes()))
    np.testing.assert_array_equal(np.asarray(upright), turned(stored))


def test_people_of_the_chest_x_rays_are_units(shared_data: Path) -> None:
    source = open_source(SourceRef(shared_data / "chest-xray" / "owner", unit_column="patient"))
    assert source.units is not None
    assert len(source.ids) == len(source.units) > len(set(source.units))
    assert set(source.labels) == {"NORMAL", "PNEUMONIA"}
    assert not source.problems
