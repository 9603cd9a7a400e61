"""A check opens plain files of a bounded size and nothing else, and enters no folder of its own."""

import os
import subprocess
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from tests.release.hostile_bundles.changing import LISTING, add_to
from tests.releases import failed, rebuild


def an_image(bundle: Path) -> str:
    return f"data/train/{next((bundle / 'data/train').glob('*.png')).name}"


SPECIAL = ["README.md", "privacy.json", "croissant.json", "SHA256SUMS.sig", "data/train/metadata.jsonl"]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", [*SPECIAL, "image"])
@pytest.mark.parametrize("kind", ["pipe", "device", "link", "folder link"])
def test_nothing_but_plain_files_is_ever_opened(bundle: Path, name: str, kind: str) -> None:
    """A pipe would never end, nor would /dev/zero, and a link could lead anywhere."""
    path = bundle / (an_image(bundle) if name == "image" else name)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder link":
        path.symlink_to(bundle.parent)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else bundle / "release.json")
    assert "stray files" in failed(bundle)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ["README.md", "privacy.json", LISTING, "SHA256SUMS"])
def test_a_document_larger_than_memory_is_not_read(bundle: Path, name: str) -> None:
    with (bundle / name).open("r+b") as file:
        file.truncate(1 << 42)  # Takes no room on the disk, and four tebibytes of memory.
    assert failed(bundle) == {"stray files"}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ["SHA256SUMS", "README.md", "image"])
def test_a_page_is_written_of_what_was_not_read(bundle: Path, tmp_path: Path, name: str) -> None:
    with (bundle / (an_image(bundle) if name == "image" else name)).open("r+b") as file:
        file.truncate(1 << 42)
    page = tmp_path / "page.html"
    assert main(["verify", str(bundle), "--page", str(page)]) == 5
    assert "not computed" in page.read_text(encoding="utf-8")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("where", ["", "data", "data/train"])
@pytest.mark.parametrize("depth", [1, 1200])
def test_no_folder_is_entered_that_a_bundle_does_not_have(bundle: Path, where: str, depth: int) -> None:
    here = os.open(bundle / where, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    (check,) = [check for check in workflow.verify(bundle).checks if not check.ok]
    assert (check.name, check.detail.partition("”")[2]) == (
        "stray files",
        " does not belong to a bundle. Nothing was read.",
    )
    subprocess.run(["rm", "-rf", bundle / where / "d"], check=True)  # Deeper than Python removes.


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "line", ['{"file_name": "' + "x" * (1 << 23), '{"a": [' + "0, " * (1 << 22), "[" * (1 << 23)]
)
def test_a_line_without_end_is_not_parsed(bundle: Path, line: str) -> None:
    add_to(LISTING, line)(bundle)
    rebuild(bundle)
    (detail,) = [check.detail for check in workflow.verify(bundle).checks if check.name == "content"]
    assert "longer than it can be" in detail


def test_names_that_are_no_text_are_told_as_text(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (b"\xff\xfe.txt", b"\x1b[2Jwiped.txt", b"\\[/x].txt"):
        path = Path(os.fsdecode(os.fsencode(bundle) + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
        assert main(["verify", str(bundle), "--json", "--page", str(tmp_path / "page.html")]) == 5
        printed = capsys.readouterr().out
        assert "does not belong" in printed or "not among the checksums" in printed
        printed.encode("utf-8")
        assert main(["verify", str(bundle)]) == 5
        assert "\x1b[2J" not in capsys.readouterr().err
        path.unlink()
