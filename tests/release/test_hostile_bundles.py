"""Bundles made to harm whoever checks them, or to tell more than they say, their checksums fitting.

A check reads nothing but the bundle, opens no connection, ends, and answers: whatever is in there.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from dataselect_gui.release.verify import verify_bundle
from tests.projects import consortium, owner_records, scored_project
from tests.releases import failed, rebuild, release, select, told

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle of each form of content."""
    root = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATASELECT_HOME", str(root / "home"))
        checkpoint = consortium(root / "consortium", bounds={"loss": [0, 1]})
        project = scored_project(root / "p.dataselect", owner_records(root / "r.npz"), checkpoint)
        select(project, threshold="0.5")
        release(project, root / "records", budget="30")
        release(project, root / "scores", kind="scores", budget=None)
        release(project, root / "report", kind="report", bins="0.5", by_class=True, budget=None)
        release(
            project, root / "gaussian", kind="report", mechanism="discrete-gaussian", delta="1e-6",
            bins="0.5", budget=None,
        )  # fmt: skip
        floats = np.random.default_rng(0).random((30, 1, 4, 4)).astype(np.float32)
        np.savez(root / "f.npz", x=floats, y=np.arange(30) % 3)
        project = scored_project(root / "f.dataselect", root / "f.npz", checkpoint)
        select(project, threshold="0")
        release(project, root / "floats", threshold_from="agreed", budget="30")
    return root


@pytest.fixture
def bundle_of(made: Path, tmp_path: Path) -> Callable[[str], Path]:
    def copied(name: str) -> Path:
        return Path(shutil.copytree(made / name, tmp_path / "b"))

    return copied


@pytest.fixture
def bundle(bundle_of: Callable[[str], Path]) -> Path:
    return bundle_of("records")


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


FETCHES = """
import sys
touched = []
watched = ("socket.", "urllib.", "subprocess.", "os.exec", "os.posix_spawn", "os.system")
sys.addaudithook(
    lambda event, arguments: touched.append(event)
    if event.startswith(watched) or (event == "open" and "bait" in str(arguments[0])) else None
)
from pathlib import Path
from dataselect_gui.release.verify import verify_bundle
print([check.name for check in verify_bundle(Path(sys.argv[1])) if not check.ok], touched)
"""
BAIT = "http://127.0.0.1:9/bait"
CONTEXTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "whole": lambda document: document.update({"@context": BAIT}),
    "one of two": lambda document: document.update({"@context": [document["@context"], BAIT]}),
    "imported": lambda document: document["@context"].update({"@import": BAIT}),
    "nested": lambda document: document["distribution"][0].update({"@context": BAIT}),
    "a file": lambda document: document["distribution"][0].update({"@context": "file:///bait"}),
    "content": lambda document: document["distribution"][0].update({"contentUrl": BAIT}),
}


@pytest.mark.parametrize("change", CONTEXTS.values(), ids=CONTEXTS)
def test_a_description_that_points_elsewhere_is_not_followed(
    bundle: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    path = bundle / "croissant.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    rebuild(bundle)
    run = subprocess.run(
        [sys.executable, "-c", FETCHES, bundle], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.strip() == "['description'] []"


def add_to(name: str, text: str) -> Callable[[Path], None]:
    def change(bundle: Path) -> None:
        with (bundle / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return change


def replace_in(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(bundle: Path) -> None:
        text = (bundle / name).read_text(encoding="utf-8")
        assert old in text
        (bundle / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def put(name: str, key: str, value: object) -> Callable[[Path], None]:
    def change(bundle: Path) -> None:
        document = json.loads((bundle / name).read_text(encoding="utf-8"))
        *way, last = key.split("/")
        inner = document
        for step in way:
            inner = inner[step]
        inner[last] = value
        (bundle / name).write_text(json.dumps(document), encoding="utf-8")

    return change


LISTING, COUNTS = "data/train/metadata.jsonl", "data/report.csv"
MORE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "the card says more": ("records", add_to("README.md", "\nPerfectly anonymous. Mrs Smith.\n")),
    "release.json says more": ("records", put("release.json", "note", "Mrs Smith, of 40 records")),
    "a parameter says more": ("records", put("release.json", "parameters/score/note", "Mrs Smith")),
    "an assumption is dropped": ("records", put("release.json", "assumptions", [])),
    "privacy.json says more": (
        "records",
        put("privacy.json", "deployment/basic/intended_use", "Mrs Smith"),
    ),
    "privacy.json states a smaller ε": (
        "records",
        put("privacy.json", "deployment/privacy_loss/privacy_parameters_details", "ε is 0.01."),
    ),
    "the description says more": ("records", put("croissant.json", "creator", "Mrs Smith")),
    "a label that is an object": (
        "records",
        replace_in(LISTING, '"label": "', '"label": {"name": "Mrs Smith"}, "label": "'),
    ),
    "a label with more in it": ("records", replace_in(LISTING, '"label": "', '"label":    "')),
    "a key twice": ("records", replace_in(LISTING, "{", '{"label": "Mrs Smith", ')),
    "a count that is no number": ("report", replace_in(COUNTS, ",-inf,0.5,", ",-inf,0.5,nan")),
    "a count with more digits": ("report", replace_in(COUNTS, ",0.5,inf,", ",0.5,inf,0")),
    "steps that are no counts": ("gaussian", replace_in(COUNTS, ",0.5,inf,", ",0.5,inf,1_")),
    "a quoted cell": ("scores", replace_in("data/scores.csv", "\n", '\n"Mrs Smith",0.5\n')),
    "a record named as a word": ("records", put("release.json", "parameters/score/value", "Mrs Smith")),
    "a version of prose": ("records", put("release.json", "program/version", "1 (Mrs Smith)")),
}  # fmt: skip


@pytest.mark.parametrize(("of", "change"), MORE.values(), ids=MORE)
def test_what_says_more_than_the_program_writes_is_found(
    bundle_of: Callable[[str], Path], of: str, change: Callable[[Path], None]
) -> None:
    bundle = bundle_of(of)
    change(bundle)
    rebuild(bundle)
    found = failed(bundle)
    assert found - {"checksums", "stray files"}
    assert "checksums" not in found


HUGE = ["1e999999999", "-1e999999999", "9" * 4000, "NaN", "Infinity", "1_0", "１", "1.0", " 1", "0", ""]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", HUGE)
@pytest.mark.parametrize("name", ["epsilon", "threshold", "delta"])
def test_a_number_is_written_as_the_program_writes_it(
    bundle_of: Callable[[str], Path], text: str, name: str
) -> None:
    bundle = bundle_of("gaussian" if name == "delta" else "records")
    document = told(bundle)
    document["parameters"][name]["value"] = text
    if name != "threshold":
        document[name] = text
    rebuild(bundle, document)
    assert failed(bundle) & {"promise", "documents"}


@pytest.mark.usefixtures("verifying_here")
@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("date", 5),
        ("date", "soon"),
        ("kind", ["records"]),
        ("unit", {}),
        ("records_per_unit", 10**18),
        ("records_per_unit", True),
        ("records_per_unit", 0),
        ("parameters", []),
        ("parameters/epsilon", "1"),
        ("parameters/noise", {"value": {"scale_in_steps": float("nan")}, "from": ""}),
        ("checkpoint", None),
        ("promise", 7),
        ("not_protected", 7),
        ("assumptions", None),
        ("ledger_head", "the secret is 17"),
    ],
)
def test_whatever_a_document_holds_there_is_an_answer_and_a_page(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: object
) -> None:
    put("release.json", key, value)(bundle)
    rebuild(bundle)
    assert main(["verify", str(bundle), "--json", "--page", str(tmp_path / "page.html")]) == 5
    assert json.loads(capsys.readouterr().out)["exit_code"] == 5
    assert "checks failed" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "[]", "7", "", '{"a": ' + "9" * 5000 + "}"])
@pytest.mark.parametrize("name", ["release.json", "privacy.json", "croissant.json"])
def test_json_of_any_kind_has_an_answer(bundle: Path, tmp_path: Path, name: str, text: str) -> None:
    (bundle / name).write_text(text, encoding="utf-8")
    rebuild(bundle)
    checks = verify_bundle(bundle)
    assert not all(check.ok for check in checks)
    workflow.write_page(bundle, workflow.Verified(checks, None), tmp_path / "page.html")


@pytest.mark.timeout(30)
def test_a_report_of_more_cells_than_fit_anywhere_has_an_answer(
    bundle_of: Callable[[str], Path],
) -> None:
    bundle = bundle_of("report")
    document = told(bundle)
    document["parameters"]["bins"]["value"] = [str(edge) for edge in range(50_000)]
    document["parameters"]["classes"]["value"] = [str(name) for name in range(50_000)]
    rebuild(bundle, document)
    assert "content" in failed(bundle)


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


@pytest.mark.timeout(30)
def test_arrays_that_unpack_to_more_than_memory_are_refused(
    bundle_of: Callable[[str], Path],
) -> None:
    import zipfile

    bundle = bundle_of("floats")
    path = bundle / "data/train/records.npz"
    header = str({"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 4)}).ljust(117) + "\n"
    declared = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("x.npy", "y.npy"):
            archive.writestr(zipfile.ZipInfo(name), declared + bytes(1 << 20))
    rebuild(bundle)
    assert "content" in failed(bundle)


def in_arrays(how: str, path: Path) -> None:
    import io
    import zipfile

    stored, hidden = path.read_bytes(), b"Mrs Smith"
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    match how:
        case "before":
            path.write_bytes(hidden + stored)
        case "behind":
            path.write_bytes(stored + hidden)
        case _:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in sorted(members, reverse=how == "another order"):
                    content = members[name]
                    info = zipfile.ZipInfo(name)
                    if how == "date":
                        info.date_time = (1984, 6, 4, 10, 20, 30)
                    if how == "header":
                        content = content.replace(b"'shape': (", b"'shape'  :(", 1)
                    if how == "header's padding":
                        content = content.replace(b"   \n", b"\n \n\n", 1)
                    if how == "longer header":
                        content = content[:8] + b"\xb6\0" + content[10:127] + b" " * 64 + content[127:]
                    if how == "order of bytes":
                        content = _reversed(content)
                    if how == "order of axes":
                        content = content.replace(
                            b"'fortran_order': False", b"'fortran_order': True ", 1
                        )
                    if how == "wider labels" and name == "y.npy":
                        content = _widened(content)
                    if how == "system":
                        info.create_system = 83
                    if how == "addition":
                        info.extra = b"\xfe\xca" + len(hidden).to_bytes(2, "little") + hidden
                    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                    with archive.open(info, "w", force_zip64=True) as member:  # As NumPy does.
                        member.write(content + (hidden if how == "array" else b""))
                    if how == "between":
                        assert archive.fp is not None
                        archive.fp.write(hidden)
                        archive.start_dir = archive.fp.tell()
                archive.comment = hidden if how == "comment" else b""
                if how == "rights":
                    archive.filelist[0].external_attr = int.from_bytes(b"Mrs ", "little")
            if how == "behind the numbers":
                _pack_more(path, hidden)


def _reversed(content: bytes) -> bytes:
    numbers = content[128:]
    if b"<f4" not in content[:128]:
        return content
    return content[:128].replace(b"<f4", b">f4") + np.frombuffer(numbers, "<f4").astype(">f4").tobytes()


def _widened(content: bytes) -> bytes:
    import io

    labels = np.load(io.BytesIO(content))
    written = io.BytesIO()
    np.save(written, labels.astype("U77"))
    return written.getvalue()


def _pack_more(path: Path, hidden: bytes) -> None:
    """Put bytes behind the packed numbers of the last member, and count them as packed."""
    import zipfile

    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        last = archive.infolist()[-1]
        start = archive.start_dir
    local = content.rindex(b"PK\x03\x04", 0, start)
    changed = bytearray(content[:start] + hidden + content[start:])
    size = last.compress_size + len(hidden)
    # In the member's addition, in the directory, and where the directory starts.
    place = local + 30 + len(last.filename) + 4 + 8
    changed[place : place + 8] = size.to_bytes(8, "little")
    entry = changed.rindex(b"PK\x01\x02")
    changed[entry + 20 : entry + 24] = size.to_bytes(4, "little")
    changed[-6:-2] = (start + len(hidden)).to_bytes(4, "little")
    path.write_bytes(changed)
    assert zipfile.ZipFile(path).testzip() is None


@pytest.mark.parametrize(
    "how",
    [
        "before", "behind", "array", "between", "addition", "comment", "date", "header", "rights",
        "behind the numbers", "header's padding", "longer header", "order of bytes", "order of axes",
        "wider labels", "system", "another order", "nothing",
    ],
)  # fmt: skip
def test_an_array_file_holds_arrays_and_nothing_else(
    bundle_of: Callable[[str], Path], how: str
) -> None:
    bundle = bundle_of("floats")
    in_arrays(how, bundle / "data/train/records.npz")
    rebuild(bundle)
    found = failed(bundle)
    assert found & {"content", "metadata"} if how != "nothing" else not found & {"content", "metadata"}
