"""Hostile names everywhere, through every verb: the terminal, spreadsheets and pages show text."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from dataselect_gui.jobs.progress import Phase, Progress
from dataselect_gui.release.bundle import RELEASE
from dataselect_gui.release.kinds.report import is_class_name
from tests.hostile import COLUMN, HIDDEN, NAMES, hostile_consortium, hostile_folder, names
from tests.projects import scored_project
from tests.releases import document_of, rebuild, release, select
from tests.texts.test_plain import read

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes such names of files")
HOSTILE = NAMES["line"] + NAMES["ansi"] + NAMES["turned"] + NAMES["markup"]


class World:
    """A source, a checkpoint and a project, all of them named by strangers."""

    def __init__(self, folder: Path, listed: Sequence[str]) -> None:
        self.source = folder / f"scans {NAMES['turned']}[/red]\x1b[2J"
        self.rows = hostile_folder(self.source, listed)
        self.checkpoint = hostile_consortium(folder / f"model {NAMES['turned']}\x1b[2J\nok", listed)
        self.project = scored_project(
            folder / f"p {NAMES['turned']}\x1b[2J.dataselect",
            self.source,
            self.checkpoint,
            [1.0] * len(self.rows),
            unit_column=COLUMN,
        )


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, names())


@pytest.fixture
def printable(tmp_path: Path) -> World:
    """One whose classes a report may hold."""
    return World(tmp_path, [name for name in names() if is_class_name(name)])


def shown_by(capfd: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a verb, and return all that it wrote."""
    capfd.readouterr()
    main([*map(str, arguments)])
    written = capfd.readouterr()
    return written.out + written.err


def lines_of(world: World, tmp_path: Path) -> list[tuple[object, ...]]:
    return [
        ("inspect", world.source),
        ("inspect", world.checkpoint),
        ("inspect", world.project),
        ("inspect", tmp_path / HOSTILE),
        ("scores", world.project),
        ("select", world.project, "--by", "loss", "--threshold", "0.5"),
        ("select", world.project, "--by", HOSTILE, "--threshold", "0.5"),
        ("select", world.project, "--withhold", HOSTILE.replace(",", "")),
        ("score", world.source, "--checkpoint", world.checkpoint, "--label-column", HOSTILE),
        ("release", world.project, "--to", tmp_path / "b", "--epsilon", HOSTILE),
        ("ledger", world.project, "--set-budget", "4", "--reason", HOSTILE.replace("\ud800", "")),
        ("verify", world.project),
        ("delete", world.project),
        ("study", world.source, "--checkpoint", world.checkpoint, "--shares", HOSTILE),
        (HOSTILE,),
        ("inspect", world.source, f"--{HOSTILE}"),
    ]


def test_no_verb_lets_a_name_reach_the_terminal_as_more_than_text(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for arguments in lines_of(world, tmp_path):
        written = shown_by(capfd, *arguments)
        assert written, arguments[0]
        assert not HIDDEN & set(written), arguments[0]
        assert "\nok  signature" not in written, arguments[0]
        assert "\t" not in written
        assert "\r" not in written
        capfd.readouterr()
        main([*map(str, arguments), "--json"])
        as_json = capfd.readouterr().out
        assert not HIDDEN & set(as_json), arguments[0]
        assert as_json.count("\n") == 1
        json.loads(as_json)


def test_a_name_in_the_markup_of_the_terminal_is_shown_as_it_is(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    written = shown_by(capfd, "inspect", world.source)
    assert NAMES["markup"] in written
    assert NAMES["emoji"] in written
    assert r"scan\u202egnp.exe" in written


def test_on_a_real_terminal_no_name_commands_it(world: World) -> None:
    """There colours, bars and links of our own are possible; none comes from a name."""
    import pty

    for arguments in (
        ["inspect", str(world.source)],
        ["scores", str(world.project), "--format", "csv"],
    ):
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "dataselect_gui", *arguments],
            stdout=follower,
            stderr=follower,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
        )
        os.close(follower)
        written = b""
        while True:
            try:
                piece = os.read(leader, 1 << 16)
            except OSError:  # The other end is closed.
                break
            if not piece:
                break
            written += piece
        os.close(leader)
        assert process.wait() == 0
        text = written.decode()
        assert "gnp.exe" in text
        assert "\x1b]8" not in text, "no link"
        assert "\x1b[2J" not in text, "nothing is wiped"
        assert not (HIDDEN - {"\x1b"}) & set(text)


@pytest.mark.parametrize("phase", Phase)
def test_progress_shows_a_phase_as_text(phase: Phase, capfd: pytest.CaptureFixture[str]) -> None:
    from dataselect_gui.cli.output import progress

    with progress(None) as context:
        context.report(phase, 1, 2)
    written = capfd.readouterr().err
    assert not HIDDEN & set(written)
    assert written.count("\n") == 1


def test_no_phase_holds_words_of_a_stranger() -> None:
    said = json.dumps({"type": "progress", "phase": f"Reading {HOSTILE}", "done": 1, "total": 2})
    with pytest.raises(ValueError, match="Invalid enum value"):
        msgspec.json.decode(said, type=Progress)


# Bundles


@pytest.mark.usefixtures("verifying_here")
def test_no_field_of_a_bundle_looks_like_a_line_of_the_check(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    select(world.project, threshold="0.5")
    release(world.project, tmp_path / "b", max_contributions=1)
    document = document_of(tmp_path / "b")
    fields = [key for key, value in document.items() if isinstance(value, str)]
    assert len(fields) > 3
    for field in fields:
        rebuild(tmp_path / "b", {**document, field: HOSTILE})
        page = tmp_path / "page.html"
        written = shown_by(capfd, "verify", tmp_path / "b", "--page", page)
        assert not HIDDEN & set(written), field
        assert "\nok  signature: The owner's." not in written, field
        assert not HIDDEN & set(page.read_text(encoding="utf-8")), field


@pytest.mark.usefixtures("verifying_here")
@pytest.mark.parametrize("name", ["image", "page", "link", "entity", "turned", "ansi"])
def test_a_page_of_a_bundle_shows_its_fields_as_text(world: World, tmp_path: Path, name: str) -> None:
    select(world.project, threshold="0.5")
    release(world.project, tmp_path / "b", max_contributions=1)
    page = tmp_path / "page.html"
    workflow.write_page(tmp_path / "b", workflow.verify(tmp_path / "b"), page)
    honest = read(page.read_text(encoding="utf-8"))
    document = document_of(tmp_path / "b")
    for field in ("promise", "release", "date"):
        rebuild(tmp_path / "b", {**document, field: NAMES[name]})
        workflow.write_page(tmp_path / "b", workflow.verify(tmp_path / "b"), page)
        tags = read(page.read_text(encoding="utf-8"))
        assert set(tags.tags) == set(honest.tags)
        assert tags.attributes == honest.attributes


def test_the_statement_shows_a_reason_as_text(world: World, tmp_path: Path) -> None:
    workflow.ledger(world.project, "4", "Agreed.")
    workflow.write_statement(world.project, tmp_path / "honest.html")
    for amount, name in enumerate(("image", "page", "link", "turned", "line"), start=5):
        workflow.ledger(world.project, str(amount), NAMES[name])
    workflow.write_statement(world.project, tmp_path / "page.html")
    honest, tags = (
        read((tmp_path / page).read_text(encoding="utf-8")) for page in ("honest.html", "page.html")
    )
    assert set(tags.tags) == set(honest.tags)
    assert tags.attributes == honest.attributes
    assert NAMES["image"] in tags.text
    assert not HIDDEN & set(tags.text)


def test_the_card_of_a_bundle_holds_none_of_their_words(printable: World, tmp_path: Path) -> None:
    """A card is Markdown; it is made of our own words, numbers, and names of scores."""
    world = printable
    select(world.project, threshold="0.5")
    workflow.ledger(world.project, "4", HOSTILE)
    asked = {"kind": "report", "mechanism": None, "bins": "0,0.5,1", "by_class": True}
    release(world.project, tmp_path / "report", max_contributions=1, budget=None, **asked)
    release(world.project, tmp_path / "records", max_contributions=1, budget=None)
    for bundle in ("report", "records"):
        card = (tmp_path / bundle / "README.md").read_text(encoding="utf-8")
        assert "# " in card
        assert not [name for name in NAMES.values() if name.strip()[:12] in card]
        assert not HIDDEN & set(card)


# Spreadsheets


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_table_of_scores_holds_no_formula(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown_by(capfd, "scores", world.project, "--format", "csv", "--to", tmp_path / "t.csv")
    rows = cells((tmp_path / "t.csv").read_bytes().decode())
    assert len(rows) == 1 + len(world.rows)
    for row in rows:
        for cell in row:
            for part in cell.replace(";", ",").replace("\t", ",").split(","):
                assert not part.lstrip(" \r\n\"'\ufeff").startswith(tuple("=+-@＝＋－＠")) or (
                    "'" in part
                ), part
    assert [row[-1] for row in rows[1:]] == ["1.0"] * len(world.rows)
    on_stdout = shown_by(capfd, "scores", world.project, "--format", "csv")
    assert cells(on_stdout) == rows


def test_numbers_of_a_table_stay_numbers() -> None:
    from dataselect_gui.workflow import table_text

    written = table_text({"id": ["-1", "=1"], "loss": [-0.5, 1e-9], "selected": [True, False]}, "csv")
    assert cells(written) == [
        ["id", "loss", "selected"],
        ["'-1", "-0.5", "True"],
        ["'=1", "1e-09", "False"],
    ]


def test_a_table_of_our_own_names_the_same_people_again(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown_by(capfd, "scores", world.project, "--format", "csv", "--to", tmp_path / "t.csv")
    done = workflow.opt_out(world.project, tmp_path / "t.csv", "unit")
    look = workflow.look(world.project)
    assert look.units is not None
    assert done.matched == done.listed == len(set(look.units) - {""})
    assert bool(look.opted_out.all())


def test_a_table_of_our_own_names_the_same_records_again(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown_by(capfd, "scores", world.project, "--format", "csv", "--to", tmp_path / "t.csv")
    listing = workflow.read_register(world.project, tmp_path / "t.csv", "id")
    assert listing.names >= {record.strip() for record in workflow.look(world.project).ids}
    assert not listing.unmatched({record.strip() for record in workflow.look(world.project).ids})
    ids = [row[0] for row in cells((tmp_path / "t.csv").read_bytes().decode())[1:]]
    one_line = [name for name in ids if not set(name) & set("\r\n\t")]
    assert any(name.startswith("'") for name in one_line)
    (tmp_path / "ids.txt").write_text("\n".join(one_line), encoding="utf-8")
    shown_by(capfd, "select", world.project, "--withhold", f"@{tmp_path / 'ids.txt'}")
    assert int(workflow.look(world.project).withheld.sum()) == len(one_line)


@pytest.mark.parametrize("name", ["'t Hooft", "'s-Gravenhage", "O'Neil", "'quoted'"])
def test_an_apostrophe_of_a_list_from_elsewhere_stays(world: World, tmp_path: Path, name: str) -> None:
    (tmp_path / "register.csv").write_text(f"who\n{name}\n", encoding="utf-8")
    listing = workflow.read_register(world.project, tmp_path / "register.csv", None)
    assert listing.names == {name}


def test_a_report_that_leaves_holds_no_formula_and_is_verified(
    printable: World, tmp_path: Path
) -> None:
    world = printable
    select(world.project, threshold="0.5")
    workflow.ledger(world.project, "4", "Agreed.")
    asked = {"kind": "report", "mechanism": None, "bins": "-1,0.5,1", "by_class": True}
    release(world.project, tmp_path / "b", max_contributions=1, budget=None, **asked)
    assert all(check.ok for check in workflow.verify(tmp_path / "b").checks)
    rows = cells((tmp_path / "b/data/report.csv").read_bytes().decode())
    classes = {row[1] for row in rows[1:]}
    assert {'\'=HYPERLINK("file:///etc/passwd","x")', "'+1+1", "'@SUM(A1)", "cat;'=1+1"} <= classes
    assert {"-1", "-inf"} <= {row[2] for row in rows[1:]}, "edges stay numbers"
    stated = json.loads((tmp_path / "b" / RELEASE).read_text(encoding="utf-8"))
    assert "=HYPERLINK" in json.dumps(stated), "the terms hold the names themselves"


def test_parquet_and_json_hold_the_names_themselves(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import pyarrow.parquet

    shown_by(capfd, "scores", world.project, "--format", "parquet", "--to", tmp_path / "t.parquet")
    ids = workflow.look(world.project).ids
    assert pyarrow.parquet.read_table(tmp_path / "t.parquet")["id"].to_pylist() == ids
    written = shown_by(capfd, "scores", world.project, "--format", "json")
    assert [row["id"] for row in json.loads(written)] == ids
    assert not HIDDEN & set(written)
