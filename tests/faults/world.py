"""A place to do harm in: records, a scored project and a ledger, and releases that are cut off."""

import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from dataselect_gui.cli.app import main as command
from dataselect_gui.privacy.chain import Chain
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.release import bundle, partial_folders, procedure, signing
from dataselect_gui.release.candidates import Summed
from dataselect_gui.release.verify import verify_bundle
from dataselect_gui.workflow import releasing
from tests.helpers import write_json
from tests.ledgers import Desk
from tests.projects import consortium, owner_records, scored_project

BUDGET = "300"
RELEASES: tuple[tuple[str, ...], ...] = (
    ("--as", "records", "--threshold-source", "agreed"),
    ("--as", "offers", "--threshold-source", "bought:0.25"),
    (
        "--as",
        "scores",
    ),
    ("--as", "report", "--bins", "0.5"),
    ("--as", "gradient", "--clip", "1", "--delta", "1e-6", "--threshold-source", "agreed"),
    ("--mechanism", "one-sided", "--threshold-source", "agreed"),
    ("--mechanism", "everything", "--acknowledge-disclosure"),
)
"""What is released in turn; the second buys a threshold, which is a charge of its own.

The sixth goes by a rule with a keep-probability, the last is of everything.
"""
RULE = {
    "conditions": [{"score": "loss", "most": 0.75}],
    "keep": {"by": "class", "probabilities": {"cat": 0.5}, "otherwise": 1},
}
STEPS: dict[str, tuple[Any, str]] = {
    "claim": (Session, "claim"),
    "keep": (Session, "keep"),
    "read head": (Chain, "_read_head"),
    "write head": (Chain, "_write_head"),
    "make folder": (partial_folders, "FileLock"),
    "reserve": (Session, "reserve"),
    "secrets": (Session, "secrets_of"),
    "coins": (Session, "coins_of"),
    "draw": (procedure, "draw"),
    "sum gradients": (releasing, "sum_gradients"),
    "keep draw": (Session, "keep_draw"),
    "write bundle": (procedure, "write_bundle"),
    "describe": (bundle, "describe"),
    "sign": (bundle, "signature_of"),
    "flush": (bundle, "_flush"),
    "rename": (Path, "rename"),
    "mark published": (Session, "mark_published"),
}
"""The named steps of a release: where the program can be stopped before or after."""


@dataclass
class World:
    """Everything that a release touches.

    Attributes
    ----------
    home, projects, out : Path
        The folders of the ledger, of the project, and of bundles.
    """

    home: Path
    projects: Path
    out: Path
    number: int = 0

    @classmethod
    def make(cls, root: Path) -> "World":
        """Make a new one below a folder."""
        world = cls(root / "home", root / "projects", root / "out")
        for folder in (world.projects, world.out):
            folder.mkdir(parents=True)
        source = owner_records(world.projects / "records.npz", 30)
        checkpoint = consortium(world.projects / "consortium", bounds={"loss": [0, 1]})
        scored_project(world.project, source, checkpoint, unit_column="patient")
        key = signing.Signer(bytes(32))
        (world.projects / "key").write_bytes(_pem(key))
        write_json(world.projects / "rule.json", RULE)
        return world

    @property
    def project(self) -> Path:
        """The project."""
        return self.projects / "p.dataselect"

    def next_release(self) -> list[str]:
        """Return the command of a release that was never made before."""
        self.number += 1
        kind = RELEASES[self.number % len(RELEASES)]
        with_home(self.home, ["select", str(self.project), *self._rule(kind)])
        epsilon = ("--epsilon", str(1 + Decimal(self.number) / 1000))
        return [
            "release", str(self.project), "--to", str(self.out / f"b{self.number}"),
            *(() if "everything" in kind else epsilon),
            "--in-training", "no", "--budget", BUDGET, "--sign", str(self.projects / "key"),
            "--per-unit", "2", *kind, "--json",
        ]  # fmt: skip

    def _rule(self, kind: tuple[str, ...]) -> tuple[str, ...]:
        if "everything" in kind:  # Each time it is another one: a record fewer.
            return ("--all", "--withhold", str(self.number % 30))
        if "one-sided" in kind:
            return ("--rule", str(self.projects / "rule.json"))
        return (
            "--by",
            "loss",
            *(("--fraction", "0.3") if "bought:0.25" in kind else ("--threshold", "0.5")),
        )


def with_home(home: Path, arguments: list[str]) -> int:
    """Run a command on a ledger, silently."""
    os.environ["DATASELECT_HOME"] = str(home)
    with (
        Path(os.devnull).open("w") as nothing,
        contextlib.redirect_stdout(nothing),
        contextlib.redirect_stderr(nothing),
    ):
        return command(arguments)


def in_child(home: Path, arguments: list[str], prepare: Callable[[], None]) -> tuple[int, str]:
    """Run a command in a process of its own. Returns its exit code (−9 where killed) and its output."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 1)
        with Path(os.devnull).open("w") as nothing:
            os.dup2(nothing.fileno(), 2)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        os.environ["DATASELECT_HOME"] = str(home)
        code = 70
        setattr(*STEPS["sum gradients"], summed_without_a_model)
        try:
            prepare()
            code = command(arguments)
            sys.stdout.flush()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        printed = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), printed


def summed_without_a_model(*arguments: Any) -> Summed:  # noqa: ANN401
    """Stand for the worker's sum, which takes seconds: what is tried here is the order around it."""
    rows = arguments[-1]
    return [("weight", (2, 2))], np.full(4, rows.sum(), dtype=np.int64)


def kill_self() -> None:
    """Die as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_step(
    name: str, when: str, harm: Callable[[], None], *, occurrence: int = 1
) -> Callable[[], None]:
    """Return what makes a process do harm, once, before or after a named step."""

    def prepare() -> None:
        owner, attribute = STEPS[name]
        real = getattr(owner, attribute)
        calls = 0

        def struck(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401
            nonlocal calls
            calls += 1
            now = calls == occurrence
            if when == "before" and now:
                harm()
            result = real(*arguments, **more)
            if when == "after" and now:
                harm()
            return result

        setattr(owner, attribute, struck)

    return prepare


def after_a_while(seconds: float) -> Callable[[], None]:
    """Return what makes a process die at some moment."""

    def prepare() -> None:
        if os.fork() == 0:  # A bystander, which outlives it by a moment at most.
            os.close(1)
            time.sleep(seconds)
            with contextlib.suppress(ProcessLookupError):
                os.kill(os.getppid(), signal.SIGKILL)
            os._exit(0)

    return prepare


@dataclass(frozen=True)
class Seen:
    """What the ledger holds.

    Attributes
    ----------
    spent : Decimal
        The plain total.
    reserved : dict
        Release → its charge.
    drawn : dict
        Release → its draw.
    published : list of str
        Releases.
    """

    spent: Decimal
    reserved: dict[str, str | None]
    drawn: dict[str, bytes]
    published: list[str]


def look(home: Path) -> Seen:
    """Read the ledger, which must be as it was left."""
    ledger = Desk(home)
    accounts = ledger.accounts()
    if not accounts:
        return Seen(Decimal(0), {}, {}, [])
    (account,) = accounts
    statement = ledger.statement(account)
    of_kind: dict[str, list[str]] = {"drawn": [], "published": []}
    reserved = {}
    for entry in statement.entries:
        if entry.kind == "reserved":
            assert entry.body["release"] not in reserved
            reserved[entry.body["release"]] = entry.body.get("epsilon")
        elif entry.kind in of_kind:
            of_kind[entry.kind].append(entry.body["release"])
    assert len(set(of_kind["drawn"])) == len(of_kind["drawn"])
    draws = {release: ledger.draw_of(release) or b"" for release in of_kind["drawn"]}
    return Seen(statement.spent, reserved, draws, of_kind["published"])


def check_after(world: World, arguments: list[str], before: Seen) -> None:
    """Hold the world against the promises after harm, then finish the release and look again."""
    destination = Path(arguments[arguments.index("--to") + 1])
    after = look(world.home)
    assert after.spent >= before.spent, "a charge was lost"
    assert before.reserved.items() <= after.reserved.items(), "a reservation was lost"
    assert before.drawn.items() <= after.drawn.items(), "a draw was lost"
    if destination.exists() and any(destination.iterdir()):
        release = json.loads((destination / bundle.RELEASE).read_text(encoding="utf-8"))["release"]
        assert release in after.reserved, "a bundle is there whose cost is not in the ledger"
        assert all(check.ok for check in verify_bundle(destination)), "a bundle is not whole"
    code, printed = in_child(world.home, arguments, lambda: None)
    assert code == 0, f"the repeat failed: {printed}"
    answer = json.loads(printed)
    last = look(world.home)
    new = set(after.reserved) - set(before.reserved)
    if answer["release"] in after.reserved:
        assert answer["repeated"], "the repeat was another release"
    assert new <= {*set(last.reserved)}, "a reservation was lost"
    assert len(last.reserved) - len(before.reserved) <= 2, "the release was charged twice"
    for name, draw in after.drawn.items():
        assert last.drawn[name] == draw, "the repeat drew anew"
    assert last.published.count(answer["release"]) == 1
    assert all(check.ok for check in verify_bundle(destination))
    left = [path.name for path in world.out.iterdir() if path.name.startswith(".")]
    assert not left, f"a temporary folder was left: {left}"
    notes = world.home / partial_folders.FOLDER
    assert not list(notes.glob("*.json")), "a note of a temporary folder was left"


def kill_many(root: Path, kills: int, seed: int, tell: Callable[[str], None]) -> int:
    """Kill releases at every named step and at random moments, until so many died before their end.

    Returns
    -------
    int
        How many releases that took.
    """
    chance = random.Random(seed)
    steps = [(name, when) for name in STEPS for when in ("before", "after")]
    world, seconds, died, struck = World.make(root / "0"), 0.3, 0, 0
    while died < kills:
        struck += 1
        if struck % 20 == 0:  # A ledger that grows for ever would make the later kills slow.
            shutil.rmtree(root, ignore_errors=True)
            world = World.make(root / str(struck))
        arguments = world.next_release()
        before = look(world.home)
        started = time.monotonic()
        if struck % 2:
            name, when = steps[(struck // 2) % len(steps)]
            harm = at_step(name, when, kill_self, occurrence=chance.choice((1, 1, 2, 3, 5)))
        else:
            harm = after_a_while(chance.uniform(0, seconds))
        code, _ = in_child(world.home, arguments, harm)
        if code == 0 and not struck % 2:
            seconds = 0.7 * seconds + 0.3 * (time.monotonic() - started)
        assert code in {0, -signal.SIGKILL}, code
        died += code != 0
        check_after(world, arguments, before)
        if struck % 100 == 0:
            tell(f"{struck} releases, {died} killed before their end")
    return struck


def fill(folder: Path) -> None:
    """Write until the disk refuses."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


def empty(folder: Path) -> None:
    """Make room again."""
    (folder / "filler").unlink(missing_ok=True)


def lock(folder: Path) -> None:
    """Take the right to write from a folder and all below it."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def unlock(folder: Path) -> None:
    """Give the right to write back."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def give_up_privileges() -> None:
    """Make even root heed what a folder's rights say."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capabilities stay")


def _pem(signer: signing.Signer) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.from_private_bytes(signer.seed)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
