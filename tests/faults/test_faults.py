"""The harm in short. ``python -m tests.faults`` does 500 kills, and every step on every disk."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dataselect_gui.privacy.ledger import Ledger
from tests.faults.world import World, at_step, check_after, in_child, kill_many, kill_self, look

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes by fork and signal")
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
DEPRECATED_FORK = "ignore:This process:DeprecationWarning"


@pytest.mark.filterwarnings(DEPRECATED_FORK)
def test_a_killed_release_is_charged_and_finished_by_its_repeat(tmp_path: Path) -> None:
    kill_many(tmp_path / "worlds", 6, seed=1, tell=lambda _: None)


@pytest.mark.filterwarnings(DEPRECATED_FORK)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("number", "step"), [(4, "coins"), (4, "keep draw"), (5, "reserve"), (5, "rename")]
)
def test_coins_and_everything_are_finished_by_their_repeat(
    number: int, step: str, when: str, tmp_path: Path
) -> None:
    """The sixth of the releases keeps by coins, the seventh is of everything."""
    world = World.make(tmp_path)
    world.number = number
    command = world.next_release()
    before = look(world.home)
    code, _ = in_child(world.home, command, at_step(step, when, kill_self))
    assert code == -signal.SIGKILL
    check_after(world, command, before)


@pytest.mark.filterwarnings(DEPRECATED_FORK)
def test_a_bundle_whose_cost_was_lost_would_be_noticed(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    with Ledger(world.home).session():
        pass
    shutil.copytree(world.home, tmp_path / "without")
    command = world.next_release()
    before = look(world.home)
    assert in_child(world.home, command, lambda: None)[0] == 0
    shutil.rmtree(world.home)
    shutil.copytree(tmp_path / "without", world.home)
    with pytest.raises(AssertionError, match="a bundle is there whose cost is not in the ledger"):
        check_after(world, command, before)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings(DEPRECATED_FORK)
def test_five_hundred_kills(tmp_path: Path) -> None:
    kill_many(tmp_path / "worlds", 500, seed=2, tell=lambda _: None)


def outcomes(every: int) -> list[dict[str, object]]:
    if subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody make a namespace with small disks of its own")
    run = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.faults.disks", str(every)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


def check(outcomes: list[dict[str, object]]) -> None:
    codes = Counter((outcome["place"], outcome["way"], outcome["code"]) for outcome in outcomes)
    assert {outcome["code"] for outcome in outcomes} <= {0, 4}, codes
    for outcome in outcomes:
        if outcome["code"] == 4:
            error = outcome["error"]
            assert isinstance(error, dict)
            assert set(error) == {"what", "why", "do"}
            assert all(str(part).endswith((".", "DATASELECT_HOME.")) for part in error.values())
    # What was struck before it was needed is refused in either place that must be written.
    for place in ("home", "out"):
        for way in ("full", "read-only"):
            assert codes[place, way, 4]


def test_a_disk_that_refuses_is_told_in_one_sentence() -> None:
    check(outcomes(every=11))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_disk_that_refuses_at_every_step() -> None:
    check(outcomes(every=1))
