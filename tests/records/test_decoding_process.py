"""The process that decodes: what it answers, what it is believed, and that it is always there."""

import io
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.records import decoding_process
from dataselect_gui.records.cleaning.image import clean_image
from dataselect_gui.records.decoding_process import (
    ARRAY,
    COLUMNS,
    END,
    FILE,
    FINE,
    PIXELS,
    SIZE,
    UNREADABLE,
    UNUSABLE,
    DecodingProcess,
)
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.kinds.arrays import ARRAYS
from dataselect_gui.records.kinds.images import IMAGES
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef, UnreadableRecordError
from dataselect_gui.sandbox.starting import start
from tests.helpers import array_file, image_folder
from tests.processes import children_of
from tests.projects import consortium, scored_project
from tests.releases import is_verified, release, select

HUGE = 1 << 60


@pytest.fixture
def process() -> Iterator[DecodingProcess]:
    with DecodingProcess() as made:
        yield made


def image_file(form: str, mode: str = "RGB", size: tuple[int, int] = (30, 20)) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(written, form)
    return written.getvalue()


FILES = [
    image_file("JPEG"),
    image_file("JPEG", "L"),
    image_file("PNG", "P"),
    image_file("PNG", "RGBA"),
    image_file("TIFF", "CMYK"),
    image_file("WEBP"),
]


@pytest.mark.parametrize("stored", FILES)
def test_a_picture_is_what_decoding_here_gives(process: DecodingProcess, stored: bytes) -> None:
    here = decode_image(stored).convert("RGB")
    assert np.array_equal(process.look(IMAGES, stored, None), np.asarray(here))
    here.thumbnail((16, 16), Image.Resampling.BILINEAR)
    assert np.array_equal(process.look(IMAGES, stored, 16), np.asarray(here))
    process.check(IMAGES, stored)
    assert process.clean(IMAGES, stored) == clean_image(stored)


@pytest.mark.parametrize("stored", [b"", b"nothing", FILES[0][:200], FILES[2][:60]])
def test_what_cannot_be_read_has_the_same_reason(process: DecodingProcess, stored: bytes) -> None:
    with pytest.raises(UnreadableRecordError) as here:
        decode_image(stored)
    for ask in (process.check, process.clean, lambda kind, given: process.look(kind, given, 8)):
        with pytest.raises(UnreadableRecordError) as apart:
            ask(IMAGES, stored)
        assert str(apart.value) == str(here.value)


def test_arrays_come_back_as_they_are(process: DecodingProcess, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    stored: dict[str, NDArray[Any]] = {
        "x": np.asfortranarray(rng.random((5, 3, 4, 2), dtype=np.float32)),
        "y": np.arange(5),
        "names": np.array(["Ä", "b", "", "d", "e"]),
        "stored": np.array([b"a", b"bc", b"", b"d", b"e"]),
        "flags": np.array([True, False, True, False, True]),
        "days": np.array(["2031-02-28"] * 5, dtype="datetime64[D]"),
        "none": np.zeros((0, 3)),
        "one": np.array(7),
    }
    array_file(tmp_path / "a.npz", **stored)
    with (tmp_path / "a.npz").open("rb") as file:
        columns, made = process.arrays(ARRAYS, file, "a.npz", list(stored), 1 << 20)
    assert columns == ["y", "names", "stored", "flags"]
    assert made.keys() == stored.keys()
    for name, array in stored.items():
        assert made[name].dtype == array.dtype
        assert made[name].shape == array.shape
        assert made[name].tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "content", [b"", b"PK\x05\x06", b"PK\x03\x04" + bytes(200), b"\x93NUMPY\x01\0"]
)
def test_what_is_no_array_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(UnusableError, match=r"“a\.npz” cannot be read as arrays"):
        open_source(SourceRef(tmp_path / "a.npz"))


def test_python_objects_are_never_unpacked(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}, None], dtype=object))
    with pytest.raises(UnusableError, match="never unpacked"):
        open_source(SourceRef(tmp_path / "a.npz"))


# That it is always there


def child_of_mine() -> int:
    (child,) = children_of(os.getpid())
    return child


@pytest.fixture
def alone() -> None:
    """Have no other children, so that the process can be told."""
    decoding_process.shared().close()


@pytest.mark.usefixtures("alone")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the process in /proc")
def test_one_that_was_killed_is_started_anew(process: DecodingProcess) -> None:
    process.check(IMAGES, FILES[0])
    first = child_of_mine()
    os.kill(first, signal.SIGKILL)
    process.check(IMAGES, FILES[0])
    assert child_of_mine() != first


@pytest.mark.usefixtures("alone")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_it_is_confined_and_inherits_little(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("DATASELECT_HOME", "/somewhere")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)  # As a careless library leaves them.
    process.check(IMAGES, FILES[0])
    folder = Path(f"/proc/{child_of_mine()}")
    said = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines())
    held = workflow.available_confinement()
    assert (said["NoNewPrivs"], said["Seccomp"]) == (("1", "2") if held.network else ("0", "0"))
    try:
        variables = (folder / "environ").read_bytes().split(b"\0")
        links = [str(link.readlink()) for link in (folder / "fd").iterdir()]
    except PermissionError:  # It keeps even its owner out.
        pass
    else:
        names = {word.partition(b"=")[0] for word in variables}
        assert not names & {b"DISPLAY", b"DATASELECT_HOME", b"SSH_AUTH_SOCK", b"XDG_RUNTIME_DIR"}
        assert b"HOME=/nonexistent" in variables
        assert {link.split(":")[0] for link in links} <= {"pipe", "/dev/null"}
        assert f"pipe:[{os.fstat(writing).st_ino}]" not in links
    os.close(reading)
    os.close(writing)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the process in /proc")
def test_it_ends_with_the_program() -> None:
    program = (
        "import sys, time\n"
        "from dataselect_gui.records.decoding_process import shared\n"
        "shared().begin(); print('begun', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        (child,) = children_of(parent.pid)
        parent.kill()
    until = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


# What it is believed


def plant(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Have something else answer than the program: a process that fell to what it decoded."""
    program = f"""
import os, struct, sys, time
from dataselect_gui.sandbox.frames import read_frame, write_frame, write_head
questions, answers = sys.stdin.buffer, sys.stdout.buffer
questions.readline()
while (frame := read_frame(questions, dict.fromkeys(range(10), 1 << 30))) is not None:
    {answer}
    answers.flush()
"""
    monkeypatch.setattr(decoding_process, "command", lambda _flag: [sys.executable, "-c", program])


LIES = {
    "an unknown kind": "write_frame(answers, 99, b'x')",
    "more than there is": f"write_head(answers, {PIXELS}, {HUGE})",
    "more than was asked for": f"write_frame(answers, {PIXELS}, {SIZE.pack(100, 100)!r}, bytes(30000))",
    "a longer side": f"write_frame(answers, {PIXELS}, {SIZE.pack(8, 9)!r}, bytes(216))",
    "another size than it says": f"write_frame(answers, {PIXELS}, {SIZE.pack(8, 8)!r}, bytes(191))",
    "no pixels": f"write_frame(answers, {PIXELS}, {SIZE.pack(0, 8)!r})",
    "no size": f"write_frame(answers, {PIXELS}, b'xx')",
    "a cut": f"write_head(answers, {PIXELS}, 200); answers.flush(); os._exit(0)",
    "half a head": "answers.write(b'x'); answers.flush(); os._exit(0)",
    "nothing": "os._exit(0)",
    "another answer": f"write_frame(answers, {FINE})",
    "long words": f"write_frame(answers, {UNREADABLE}, bytes(5000))",
    "no error": f"""write_frame(answers, {UNUSABLE}, b'["what", 7, "do"]')""",
    "no JSON": f"write_frame(answers, {UNUSABLE}, b'[' * 1000)",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_no_picture(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    plant(monkeypatch, LIES[lie])
    with pytest.raises(UnreadableRecordError, match="made its decoder fail"):
        process.look(IMAGES, FILES[0], 8)


def test_the_truth_is_taken(process: DecodingProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """What shows that the others fail by their lies alone."""
    plant(monkeypatch, f"write_frame(answers, {PIXELS}, {SIZE.pack(8, 8)!r}, bytes(192))")
    assert np.shape(process.look(IMAGES, FILES[0], 8)) == (8, 8, 3)


def test_a_cleaned_file_has_one_of_three_forms(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, rf"write_frame(answers, {FILE}, b'\x03content')")
    with pytest.raises(UnreadableRecordError, match="made its decoder fail"):
        process.clean(IMAGES, FILES[0])


def unpacked_by(process: DecodingProcess, folder: Path) -> None:
    with array_file(folder / "a.npz", x=np.zeros((2, 2))).open("rb") as file:
        process.arrays(ARRAYS, file, "a.npz", ["x"], 1 << 20)


@pytest.mark.parametrize(
    "said",
    [
        b'["x", "<f8", [1000000000000]]',
        b'["x", "<f8", [-1]]',
        b'["x", "<f8", [true]]',
        b'["x", "<f8", [1.0]]',
        b'["x", "|O", [1]]',
        b'["x", "<U0", [1000000]]',
        b'["x", "f8,f8", [1]]',
        b'[["x"], "<f8", [1]]',
        b'{"x": 1}',
        b"[" * 5000,
        b"7",
    ],
)
def test_an_array_is_what_came_and_no_more(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: bytes
) -> None:
    head = struct.pack("<H", len(said)) + said
    answer = f"write_frame(answers, {ARRAY}, {head!r}, bytes(8)); write_frame(answers, {END})"
    plant(monkeypatch, f"if frame[0] == 5: write_frame(answers, {COLUMNS}, b'[]'); {answer}")
    with pytest.raises(UnreadableRecordError, match="made its decoder fail"):
        unpacked_by(process, tmp_path)


def test_no_more_arrays_come_than_fit(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = b'["x", "|u1", [60000]]'
    head = struct.pack("<H", len(said)) + said
    forever = f"for key in range(99): write_frame(answers, {ARRAY}, {head!r}, bytes(60000))"
    begin = f"write_frame(answers, {COLUMNS}, b'[]')"
    plant(monkeypatch, f"if frame[0] == 5:\n        {begin}\n        {forever}")
    with pytest.raises(UnreadableRecordError, match="made its decoder fail"):
        unpacked_by(process, tmp_path)


def test_one_that_hangs_is_ended_and_the_next_answers(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        plant(patch, "time.sleep(60)")
        patch.setattr(decoding_process, "HANG_SECONDS", 0.5)
        started = time.monotonic()
        with pytest.raises(UnreadableRecordError, match="takes too long"):
            process.look(IMAGES, FILES[0], 8)
        assert time.monotonic() - started < 10
    assert np.shape(process.look(IMAGES, FILES[0], 8)) == (5, 8, 3)


def test_a_file_of_arrays_that_hangs_is_ended_and_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = array_file(tmp_path / "a.npz", x=np.zeros((2, 2)))
    with monkeypatch.context() as patch, DecodingProcess() as process:
        plant(patch, "if frame[0] == 5: time.sleep(60)")
        patch.setattr(decoding_process, "HANG_SECONDS", 0.5)
        patch.setattr(decoding_process, "shared", lambda: process)
        started = time.monotonic()
        with pytest.raises(UnusableError, match=r"“a\.npz” cannot be read as arrays") as refused:
            open_source(SourceRef(file))
        assert time.monotonic() - started < 10
        assert "too long" in refused.value.why
    assert len(open_source(SourceRef(file)).ids) == 2


def test_the_time_for_arrays_goes_with_their_size(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[float] = []

    def within(seconds: float) -> AbstractContextManager[None]:
        given.append(seconds)
        return nullcontext()

    monkeypatch.setattr(process, "_within", within)
    content = np.random.default_rng(0).random((1000, 1000))
    for name, rows in (("small", content[:10]), ("large", content)):
        with array_file(tmp_path / f"{name}.npz", x=rows).open("rb") as file:
            for most in (1 << 23, 1 << 40):
                process.arrays(ARRAYS, file, name, ["x"], most)
    assert given == sorted(given)
    assert 10 < given[0] < given[-1] < 120


@pytest.mark.skipif(
    not workflow.available_confinement().files, reason="nothing keeps it from files here"
)
@pytest.mark.parametrize("variable", ["PYTHONPATH", "LD_LIBRARY_PATH"])
@pytest.mark.parametrize("place", ["home", "", "ledger"])
def test_it_is_not_granted_a_home_that_libraries_lie_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, place: str
) -> None:
    root = tmp_path.resolve()
    files = [root / name for name in ("home/.ssh/id", "home/lib/module.py", "ledger/ledger.sqlite")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    monkeypatch.setenv("HOME", str(root / "home"))
    monkeypatch.setenv("DATASELECT_HOME", str(root / "ledger"))
    folders = [str(root / place), str(root / "home/lib"), *os.environ.get(variable, "").split(":")]
    monkeypatch.setenv(variable, os.pathsep.join(filter(None, folders)))
    program = """
import sys
from dataselect_gui.sandbox.confining import Grant, confine
confine(Grant.from_line(sys.stdin.buffer.readline().decode()))
for name in sys.argv[1:]:
    try:
        open(name).close()
        print(name)
    except OSError:
        pass
sys.stdout.flush()
"""
    command = [sys.executable, "-c", program, *map(str, files)]
    monkeypatch.setattr(decoding_process, "command", lambda _flag: command)
    started: list[subprocess.Popen[bytes]] = []

    def start_and_keep(*given: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401
        started.append(start(*given))
        return started[0]

    monkeypatch.setattr(decoding_process, "start", start_and_keep)
    with DecodingProcess() as process:
        process.begin()
        assert started[0].stdout is not None
        reached = started[0].stdout.read().decode().split()
    assert reached == [str(root / "home/lib/module.py")]


# That nothing is decoded elsewhere


@pytest.fixture
def nothing_is_opened_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file of a record was opened in this process")

    monkeypatch.setattr(Image, "open", refuse)
    monkeypatch.setattr("zipfile.ZipFile", refuse)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("form", ["images", "arrays"])
def test_a_release_decodes_nothing_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, form: str
) -> None:
    if form == "images":
        names = [f"{kind}/{number}.jpg" for kind in ("cat", "dog") for number in range(6)]
        source = image_folder(tmp_path / "scans", names)
    else:
        pixels = np.random.default_rng(0).integers(0, 256, (12, 6, 5), dtype=np.uint8)
        source = array_file(
            tmp_path / "scans.npz",
            x=pixels,
            y=np.arange(12) % 2,
            classes=np.array(["cat", "dog"]),
        )
    project = scored_project(
        tmp_path / "p.dataselect", source, consortium(tmp_path / "model"), [1.0] * 12
    )
    with monkeypatch.context() as patch:
        request.getfixturevalue("nothing_is_opened_here")
        select(project, threshold="0.5")
        release(project, tmp_path / "b", mechanism="randomized-response", threshold_from="agreed")
        pictures = workflow.Pictures(workflow.look(project))
        assert np.shape(pictures.picture(0, 4))[2] == 3
        patch.undo()
        monkeypatch.undo()
    assert is_verified(tmp_path / "b")
