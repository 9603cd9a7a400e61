"""A module has one purpose; what is longer than this has several, tests included."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("dataselect_gui", "tests", "resources", "packaging")
MOST_LINES = 450


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_module_is_too_long() -> None:
    modules = [path for folder in FOLDERS for path in ROOT.joinpath(folder).rglob("*.py")]
    assert len(modules) > 500
    too_long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in modules
        if (lines := lines_of(path)) > MOST_LINES
    }
    assert not too_long
