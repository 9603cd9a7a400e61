"""Disks that fill up and folders that become read-only in the middle of a release.

The disks are small ones, made for it, in a user and mount namespace of its own (``unshare --user
--map-root-user --mount``), so that nobody else sees them. Prints a line of JSON for each release.
"""

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.faults.world import (
    STEPS,
    World,
    at_step,
    check_after,
    empty,
    fill,
    give_up_privileges,
    in_child,
    lock,
    look,
    unlock,
)

PLACES = ("home", "projects", "out")
SIZE = "3m"


def main() -> int:
    """Do harm at each step, in each place, in each way."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        number = 0
        for place in PLACES:
            world = _world(root / place, place)
            disk = getattr(world, place)
            for way in ("full", "read-only"):
                for step in STEPS:
                    for when in ("before", "after"):
                        number += 1
                        if number % every:
                            continue
                        _strike(world, disk, way, step, when)
            subprocess.run(["umount", "--lazy", str(disk)], check=True)
    return 0


def _world(root: Path, place: str) -> World:
    """Make a world of which one place is a small disk."""
    world = World.make(root / "first")
    disk = getattr(world, place)
    kept = root / "kept"
    if disk.exists():
        disk.rename(kept)
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], check=True)
    if kept.exists():
        subprocess.run(["cp", "-a", f"{kept}/.", str(disk)], check=True)
    return world


def _strike(world: World, disk: Path, way: str, step: str, when: str) -> None:
    command = world.next_release()
    before = look(world.home)

    strike = at_step(step, when, partial(fill if way == "full" else lock, disk))

    def prepare() -> None:
        if way == "read-only":
            give_up_privileges()
        strike()

    code, printed = in_child(world.home, command, prepare)
    if way == "full":
        empty(disk)
    else:
        unlock(disk)
    answer = json.loads(printed) if printed else {}
    outcome = {
        "place": disk.name,
        "way": way,
        "step": f"{when} {step}",
        "code": code,
        "error": answer.get("error"),
    }
    check_after(world, command, before)
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
