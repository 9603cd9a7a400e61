"""An array file: its rows, labels and people, and what is refused of it."""

import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds.arrays import ARRAYS
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.records.source import SourceRef, UnreadableRecordError
from tests.helpers import array_file, image_folder
from tests.records.looking import NOISE, OF_ODD_IMAGES, pixels

pytestmark = OF_ODD_IMAGES


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
