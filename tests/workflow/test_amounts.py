"""Numbers that people type and consortia send: one grammar, and a sentence for what lies outside."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.request import TRAINING, read_request
from dataselect_gui.cli.app import main
from dataselect_gui.errors import UnusableError
from dataselect_gui.privacy.amounts import LARGEST_COUNT, decimal_of, whole_of
from dataselect_gui.scoring.privacy_loss import PrivacyLoss
from dataselect_gui.workflow import ReleaseRequest, change_budget
from tests.helpers import image_folder, write_image, write_json
from tests.projects import consortium, owner_records, scored_project

NUMBERS = {
    "1": "1",
    "0.5": "0.5",
    ".5": "0.5",
    "1.": "1",
    "+1": "1",
    "-2.5e-3": "-0.0025",
    "1E5": "100000",
    " 1 ": "1",
    "-0": "0",
    "007": "7",
}
NONE = (
    *("", " ", ".", "+", "e5", "1e", "1_0", "1 0", "1,5", "0x10", "1e1_0", "1e+", "--1", "1\n", "1\0"),
    *(
        "１０",
        "١",
        "٣",
        "²",
        "Ⅷ",
        "1．5",
        "inf",
        "Infinity",
        "nan",
        "sNaN",
        "1e999",
        "-1e999",
        "1e-999",
    ),
    *("9" * 400, "0." + "1" * 40, "1e0001", "\ud800", "\udcff", "1\u00a0", "−1"),
)


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_a_number_is_read(text: str, number: str) -> None:
    assert decimal_of(text) == Decimal(number)


@pytest.mark.parametrize("text", NONE, ids=ascii)
def test_what_is_no_plain_number_is_not_read(text: str) -> None:
    assert decimal_of(text) is None
    assert whole_of(text) is None


@pytest.mark.parametrize("text", ["1.0", "-1", "1e3", "1000000001", "9" * 25, *NONE], ids=ascii)
def test_what_is_no_whole_number_is_not_read(text: str) -> None:
    assert whole_of(text) is None
    assert (whole_of("0"), whole_of("+12"), whole_of("1000000000")) == (0, 12, LARGEST_COUNT)


# The command line


@pytest.fixture
def world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    del home
    monkeypatch.chdir(tmp_path)
    source = owner_records(tmp_path / "records.npz")
    checkpoint = consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})
    scored_project(tmp_path / "p.dataselect", source, checkpoint)
    assert main(["select", "p.dataselect", "--by", "loss", "--threshold", "0.5", "--json"]) == 0
    return tmp_path


RELEASE = "release p.dataselect --to b --in-training no --budget 4 --dry-run".split()
SELECT = "select p.dataselect --by loss".split()
STUDY = "study records.npz --checkpoint consortium --scores loss --dry-run".split()
SCORE = "score records.npz --checkpoint consortium".split()
TYPED: tuple[tuple[list[str], str], ...] = (
    ([*RELEASE, "--epsilon"], "{}"),
    (
        ["release", "p.dataselect", "--to", "b", "--epsilon", "1", "--in-training", "no", "--budget"],
        "{}",
    ),
    ([*RELEASE, "--epsilon", "1", "--per-unit"], "{}"),
    ([*RELEASE, "--epsilon", "1", "--threshold-source"], "bought:{}"),
    (["release", "p.dataselect", "--to", "b", "--epsilon", "1", "--in-training"], "dp:{},1e-5"),
    (["release", "p.dataselect", "--to", "b", "--epsilon", "1", "--in-training"], "dp:1,{}"),
    ([*RELEASE, *"--epsilon 1 --as offers --mechanism noisy-top-k --count".split()], "{}"),
    ([*RELEASE, *"--epsilon 1 --as scores --pad-to".split()], "{}"),
    ([*RELEASE, *"--epsilon 1 --as scores --bounds".split()], "{},1"),
    ([*RELEASE, *"--epsilon 1 --as scores --bounds".split()], "0,{}"),
    ([*RELEASE, *"--epsilon 1 --as report --bins".split()], "0,{}"),
    ([*RELEASE, *"--epsilon 1 --as report --count-threshold".split()], "{}"),
    (
        [*RELEASE, *"--epsilon 1 --as report --bins 0,1 --mechanism discrete-gaussian --delta".split()],
        "{}",
    ),
    ([*RELEASE, *"--epsilon 1 --as gradient --delta 1e-6 --clip".split()], "{}"),
    ([*SELECT, "--threshold"], "{}"),
    ([*SELECT, "--count"], "{}"),
    ([*SELECT, "--fraction"], "{}"),
    (["ledger", "p.dataselect", "--reason", "x", "--set-budget"], "{}"),
    ([*SCORE, "--batch-size"], "{}"),
    ([*SCORE, "--limit"], "{}"),
    ([*STUDY, "--seeds"], "{}"),
    ([*STUDY, "--limit"], "{}"),
    ([*STUDY, "--limit-trainings"], "{}"),
    ([*STUDY, "--shares"], "0.1,{}"),
    ([*STUDY, "--epsilons"], "{}"),
)
SHORT = ("1_0", "１", "١", "1e999", "0x10", "nan", "inf", "²", "9" * 400, "", "\udcff")


@pytest.mark.parametrize(("arguments", "form"), TYPED, ids=lambda given: str(given)[-24:])
def test_an_option_with_no_plain_number_is_refused(
    world: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], form: str
) -> None:
    capsys.readouterr()
    for text in SHORT:
        code = main([*arguments, form.format(text), "--json"])
        answer = json.loads(capsys.readouterr().out)
        assert code == answer["exit_code"] == 2, (text, answer)
        assert answer["error"]["what"]
    assert not (world / "b").exists()


TOO_FAR: tuple[tuple[list[str], str], ...] = (
    ([*RELEASE, "--epsilon"], "301"),
    ([*RELEASE, "--epsilon"], "0.0000000000001"),
    ([*RELEASE, *"--epsilon 1 --as scores --bounds".split()], "0,1e31"),
    ([*RELEASE, *"--epsilon 1 --as scores --bounds".split()], "1,1"),
    ([*RELEASE, *"--epsilon 1 --as scores --pad-to".split()], "10000001"),
    ([*RELEASE, *"--epsilon 1 --as gradient --delta 1e-6 --clip".split()], "1e10"),
    ([*RELEASE, *"--epsilon 1 --as gradient --delta 0.2 --clip".split()], "1"),
    ([*RELEASE, "--epsilon", "1", "--per-unit"], "1000000000"),
    ([*SELECT, "--count"], "0"),
    ([*SELECT, "--fraction"], "1.1"),
    ([*SCORE, "--limit"], "0"),
    ([*SCORE, "--batch-size"], "0"),
    ([*STUDY, "--seeds"], "1000000000"),
    ([*STUDY, "--shares"], "1.5"),
)


@pytest.mark.parametrize(("arguments", "text"), TOO_FAR, ids=lambda given: str(given)[-24:])
def test_an_amount_beyond_its_bounds_is_refused(world: Path, arguments: list[str], text: str) -> None:
    assert main([*arguments, text, "--json"]) == 2
    assert not (world / "b").exists()


# As a process


def run(arguments: Sequence[str | bytes], folder: Path) -> tuple[int, dict[str, Any]]:
    """Run the program; return its exit code, and what it told as JSON."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "dataselect_gui", *arguments, "--json"],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stdout.count(b"\n") == 1, (done.stdout, done.stderr)
    return done.returncode, json.loads(done.stdout)


BYTES: tuple[list[str | bytes], ...] = (
    [*RELEASE, "--mechanism", "exact", "--acknowledge-exact", "--reason", b"no\xff text"],
    ["ledger", "p.dataselect", "--set-budget", "3", "--reason", b"\xed\xa0\x80"],
    [*SELECT, "--threshold", "0.5", "--withhold", b"\xc3"],
    ["select", "p.dataselect", "--by", b"lo\xfess", "--threshold", "1"],
    [*SCORE, "--label-column", b"\x80"],
    ["inspect", b"caf\xe9"],
    ["verify", "b", "--digest", b"\xff"],
    ["score", "records.npz", "--checkpoint", "consortium", "--project", b"\xe9.dataselect"],
)


@pytest.mark.parametrize("arguments", BYTES, ids=range(len(BYTES)))
def test_bytes_that_are_no_text_end_in_a_sentence(world: Path, arguments: list[str | bytes]) -> None:
    code, answer = run(arguments, world)
    assert (code, answer["error"]["what"].partition(" of the ")[2]) == (
        2,
        "command is not text in UTF-8.",
    )


def test_what_was_typed_wrongly_ends_in_two_as_a_process(world: Path) -> None:
    code, answer = run([*RELEASE, "--epsilon", "1_0"], world)
    assert (code, answer["error"]["what"]) == (2, "ε cannot be “1_0”.")
    code, answer = run([*SELECT, "--count", "1_0"], world)
    assert code == 2
    assert "--count" in answer["error"]["what"]


@pytest.mark.parametrize("reason", ["half \ud800", "x" * 10_001])
def test_a_reason_that_no_ledger_can_keep_is_refused_wherever_it_comes_from(
    world: Path, reason: str
) -> None:
    from dataselect_gui.errors import UsageError

    with pytest.raises(UsageError, match="reason"):
        ReleaseRequest(to=world / "b", reason=reason)
    with pytest.raises(UsageError, match="reason"):
        change_budget(world / "p.dataselect", "3", reason)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """Make folders in one another, whose names together stay below what a path may have."""
    names = ["deep", *["a"] * 1200]
    for depth in range(1, len(names) + 1):
        tmp_path.joinpath(*names[:depth]).mkdir()
    yield tmp_path / "deep"
    for depth in range(len(names), 0, -1):  # No remover of trees would get through.
        folder = tmp_path.joinpath(*names[:depth])
        for file in (path for path in folder.iterdir() if path.is_file()):
            file.unlink()
        folder.rmdir()


def test_folders_that_are_nested_deeply_end_in_a_sentence(deep: Path) -> None:
    code, answer = run(["inspect", "deep"], deep.parent)
    assert (code, answer["records"], len(answer["problems"])) == (0, 0, 1)
    assert run(["score", "deep", "--checkpoint", "deep"], deep.parent)[0] == 4
    write_json(deep / "config.json", {"model_type": "resnet"})
    code, answer = run(["inspect", "deep"], deep.parent)
    assert (code, answer["error"]["what"]) == (4, "“deep” holds no checkpoint.")
    write_image(deep / "a" / "record.png")
    (deep / "config.json").unlink()
    code, answer = run(["inspect", "deep"], deep.parent)
    assert (code, answer["records"], answer["labels"]) == (0, 1, ["a"])


def test_names_are_listed_in_the_same_order_however_folders_lie(tmp_path: Path) -> None:
    from dataselect_gui.records.opening import open_source
    from dataselect_gui.records.source import SourceRef

    names = ["b/2.png", "a/c/1.png", "a/1.png", "0.png", "c/d/e/f.png"]
    assert list(open_source(SourceRef(image_folder(tmp_path / "x", names))).ids) == sorted(names)


# The request


EDGES: dict[str, tuple[tuple[object, ...], tuple[object, ...]]] = {
    "steps": ((1, 10**9), (0, -1, 10**9 + 1, 10**310, 1.0, True, "1", None, [])),
    "count": ((1, 10**9), (0, 10**9 + 1, 10**310, 0.5, False, "3")),
    "sample_rate": ((1, 1e-9, 0.5), (7, 0, -0.1, 1.0000001, "0.1", True, None)),
    "delta": ((1e-5, 0.1), (5, 1, 0.2, 0, -1e-5, 1e-301, "1e-5", True)),
    "noise_multiplier": ((0.01, 1.1, 1000), (0, -1, 1e-3, 1001, 10**310, True, "1")),
    "max_grad_norm": ((1e-9, 1, 1e9), (0, -1, 1e-10, 1e10, True, {})),
    "epsilon": ((8, 1e-9), (0, -1, 1e10, True, "8")),
    "threshold": ((0, -1.5, 1e299), (1e301, True, "0", None)),
    "bounds": (
        ({}, {"loss": [0, 1]}, {"loss": [-1e30, 1e30]}),
        (
            [0, 1],
            {"loss": 1},
            {"loss": [1]},
            {"loss": [0, 1, 2]},
            {"loss": [1, 0]},
            {"loss": [1, 1]},
            {"loss": [True, 2]},
            {"loss": ["0", "1"]},
            {"loss": [0, 1e31]},
            {"loss": None},
        ),
    ),
    "score": (("loss", ""), (3, "x" * 10_001, ["loss"])),
    "direction": (("d.safetensors",), ("../d", "a/b", "a\\b", "..", "", "x" * 256, "a\0b", 3)),
}


@pytest.mark.parametrize("key", EDGES)
def test_each_key_of_a_request_has_its_bounds(tmp_path: Path, key: str) -> None:
    good, bad = EDGES[key]
    for value in good:
        write_json(tmp_path / "dataselect.json", {key: value})
        assert read_request(tmp_path).stated == {key: value}
    for value in bad:
        write_json(tmp_path / "dataselect.json", {key: value})
        with pytest.raises(UnusableError, match=r"dataselect\.json"):
            read_request(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '{"threshold": 1e999}',
        '{"threshold": -1e400}',
        '{"threshold": NaN}',
        '{"fee": Infinity}',
        '{"steps": 1' + "0" * 310 + "}",
        '{"steps": 10, "steps": 20}',
        '{"fee": {"a": 1, "a": 2}}',
        '{"fee": ' + "[" * 40 + "]" * 40 + "}",
        '{"fee": ' + "[" * 900 + "]" * 900 + "}",
        '{"fee": ' + '{"a":' * 500 + "1" + "}" * 500 + "}",
        '{"score": "\\ud800"}',
        '{"\\udc00": 1}',
        '{"fee": "' + "x" * (17 << 20) + '"}',
    ],
    ids=lambda text: text[:24],
)
def test_a_request_that_is_no_plain_json_ends_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    checkpoint = consortium(tmp_path / "consortium")
    (checkpoint / "dataselect.json").write_text(text)
    assert main(["inspect", str(checkpoint), "--json"]) == 4
    assert "dataselect.json" in json.loads(capsys.readouterr().out)["error"]["what"]


def test_the_requests_of_the_finding_end_in_four_as_a_process(tmp_path: Path) -> None:
    checkpoint = consortium(tmp_path / "consortium", steps=10**310)
    assert run(["inspect", str(checkpoint)], tmp_path)[0] == 4
    consortium(tmp_path / "consortium", sample_rate=7, delta=5)
    assert run(["inspect", str(checkpoint)], tmp_path)[0] == 4


@pytest.mark.parametrize("rate", [1e-9, 0.11, 1])
@pytest.mark.parametrize("noise", [0.01, 1000])
def test_a_privacy_loss_is_finite_at_the_edges_of_a_request(rate: float, noise: float) -> None:
    norms = np.array([[0.0, 0.0], [1e-12, 1], [1e9, 1e9]])
    for steps in (1, 10**9):
        for delta in (1e-300, 0.999):
            training = dict(zip(TRAINING, (noise, 1e-9, rate, steps, delta), strict=True))
            losses = PrivacyLoss(training)(norms)
            assert np.isfinite(losses).all()
            assert losses[0] == 0


def test_the_digest_of_a_request_is_that_of_its_numbers(tmp_path: Path) -> None:
    """It is kept in projects: it must not move where another reader of numbers is used."""
    checkpoint = consortium(tmp_path / "consortium")
    before = find_checkpoint(checkpoint).digest()
    consortium(tmp_path / "consortium", steps=500, delta=1e-5, noise_multiplier=1.1)
    import hashlib

    whole = hashlib.sha256()
    for name in ("model.safetensors", "config.json"):
        whole.update(
            f"None {name} {hashlib.sha256((checkpoint / name).read_bytes()).hexdigest()}\n".encode()
        )
    assert whole.hexdigest() == before
    whole.update(b"noise_multiplier 1.1\nsteps 500\ndelta 1e-05\n")
    assert whole.hexdigest() == find_checkpoint(checkpoint).digest()
    delta = find_checkpoint(checkpoint).request.delta
    assert delta is not None
    assert math.isfinite(delta)
