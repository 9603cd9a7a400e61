"""Kill releases, and fill and lock disks under them: ``python -m tests.faults [--kills N]``."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.faults.world import kill_many


def main() -> int:
    """Do all the harm there is and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-disks", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        struck = kill_many(Path(folder) / "worlds", asked.kills, asked.seed, print)
    print(
        f"{struck} releases struck, {asked.kills} killed before their end: no uncharged bundle, no "
        "lost charge, no second draw, nothing temporary left"
    )
    if asked.no_disks:
        return 0
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-m", "tests.faults.disks"],
        capture_output=True,
        text=True,
        check=False,
    )
    outcomes = [json.loads(line) for line in run.stdout.splitlines()]
    print(run.stderr[-2000:])
    counted = Counter((o["place"], o["way"], o["code"]) for o in outcomes)
    for (place, way, code), count in sorted(counted.items()):
        print(f"{place:9} {way:10} exit {code:3}: {count}")
    wrong = [o for o in outcomes if o["code"] not in {0, 4}]
    for outcome in wrong:
        print(outcome)
    return int(run.returncode != 0 or bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
