"""A folder of images: which files are records, by which ids, and what only looks like one."""

import os
import unicodedata
from pathlib import Path

import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds.images import IMAGES
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.source import Source, SourceRef, UnreadableRecordError
from tests.helpers import image_folder, write_image
from tests.records.looking import OF_ODD_IMAGES, pixels

pytestmark = OF_ODD_IMAGES


def reasons(source: Source) -> dict[str, str]:
    return {problem.id: problem.reason for problem in source.problems}


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
