"""Make the project's own studies: one command, which goes on where it was stopped.

The records come from the shared data folder, which is not part of the project::

    DATASELECT_TEST_DATA=… python resources/make_study.py --work study-work --core

makes the sources and a weak checkpoint of each below ``study-work``, runs ``dataselect study`` on them,
two at a time, copies page and numbers to ``resources/study/rule/``, and writes what became of each
claim into ``resources/study/rule/CLAIMS.md``. Without ``--core`` it goes on to all ε, releases, and the
consortium's rows mixed in. ``--only NAME`` runs one. Everything that decides is in
``resources/study/rule/parameters.json``.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from study_claims import claims_page, read_results
from study_sources import Made, make

RULE = Path(__file__).parent / "study" / "rule"
PARAMETERS = RULE / "parameters.json"
COPIED = ("page.html", "findings.json", "setting.json")
_AT_ONCE, _SMOKE = 2, 4


def main() -> int:
    """Run the studies. Returns the exit code of the first that did not finish."""
    parameters = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="takes sources and unfinished studies")
    parser.add_argument("--only", choices=parameters["sets"], help="one study instead of all")
    parser.add_argument("--core", action="store_true", help="the part that a night allows")
    parser.add_argument("--dry-run", action="store_true", help="show the plans")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="try the command on a quarter of the records, 5 seeds; keep nothing",
    )
    given = parser.parse_args()
    part = "core" if given.core else "full"
    names = [given.only] if given.only else list(parameters["sets"])
    shared = Path(os.environ["DATASELECT_TEST_DATA"])
    small = _SMOKE if given.smoke else 1
    mades = {name: make(name, shared, given.work, parameters, small) for name in names}
    run = partial(_run, parameters=parameters, part=part, given=given)
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        codes = list(workers.map(lambda name: run(name, mades[name]), names))
    if any(codes):
        return next(code for code in codes if code)
    if not given.dry_run and not given.smoke:
        for name in names:
            keep(given.work / name, RULE / part / name)
        page = claims_page(read_results(RULE))
        (RULE / "CLAIMS.md").write_text(page, encoding="utf-8")
    return 0


def _run(
    name: str, made: Made, *, parameters: dict[str, Any], part: str, given: argparse.Namespace
) -> int:
    """Run or go on with one study, in a process of its own; return its exit code."""
    command = command_of(made, given.work / name, parameters, part)
    command += ["--seeds", "5"] if given.smoke else ["--seeds", str(parameters["seeds"])]
    command += ["--dry-run"] if given.dry_run else []
    print(" ".join(command[2:]), flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, env=environment)  # noqa: S603  (our own program)
    return done.returncode


def command_of(made: Made, folder: Path, parameters: dict[str, Any], part: str) -> list[str]:
    """Return the command of a study, but for its number of seeds."""
    of_part = parameters[part]
    command = [sys.executable, "-m", "dataselect_gui", "study", str(made.owner)]
    command += ["--checkpoint", str(made.checkpoint), "--clean-rows", str(made.clean)]
    command += ["--consortium-rows", str(made.rows)] if of_part["consortium's rows"] else []
    command += ["--plant", parameters["everything at once"], "--alpha", parameters["alpha"]]
    command += [] if made.foreign is None else ["--foreign", str(made.foreign)]
    command += ["--epsilons", of_part["epsilons"]]
    command += ["--release-epsilons", of_part["release epsilons"]]
    command += ["--limit-trainings", "100000", "--to", str(folder), *made.options]
    return command


def keep(folder: Path, kept: Path) -> None:
    """Copy what a finished study shows."""
    kept.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copy(folder / name, kept / name)


if __name__ == "__main__":
    sys.exit(main())
