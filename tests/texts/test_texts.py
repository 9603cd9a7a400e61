"""The catalogue of texts: whole, current, and what is said goes through it."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import dataselect_gui
from dataselect_gui import errors, texts
from dataselect_gui.errors import file_refused
from dataselect_gui.texts import N_, _, english, language, ngettext
from tests.release.test_written_forms import FORMS, write_case
from tests.translations import LANGUAGE, ROOT, TEMPLATE, placeholders, write_brackets
from tests.translations import texts as catalogue

PACKAGE = Path(dataselect_gui.__file__).parent
Run = Callable[..., tuple[int, list[str], list[str]]]


def messages(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def test_the_catalogue_is_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not: `just texts`."""
    monkeypatch.chdir(ROOT)
    options = "--omit-header --add-location=file --sort-by-file -F pyproject.toml".split()
    CommandLineInterface().run(
        ["pybabel", "-q", "extract", *options, "-o", str(tmp_path / "now.pot"), "dataselect_gui"]
    )
    assert (tmp_path / "now.pot").read_text("utf-8") == TEMPLATE.read_text("utf-8")


def test_every_placeholder_has_a_name() -> None:
    for message in catalogue():
        for text in messages(message.id):
            assert all(name.isidentifier() for name in placeholders(text)), text


def test_translations_hold_the_same_placeholders() -> None:
    for path in TEMPLATE.parent.rglob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                allowed = {name for text in messages(message.id) for name in placeholders(text)}
                for text in messages(message.string):
                    assert set(placeholders(text)) <= allowed, (path, text)


def test_every_translation_is_compiled() -> None:
    """Where it is not: `just languages`."""
    for path in TEMPLATE.parent.rglob("*.po"):
        assert path.with_suffix(".mo").is_file()


DONE = (
    "cli",
    "checkpoints",
    "errors.py",
    "jobs",
    "norms",
    "pages",
    "paths.py",
    "permissions.py",
    "plain.py",
    "privacy",
    "project",
    "records",
    "release",
    "sandbox",
    "scoring",
    "selection",
    "study",
    "worker",
    "workflow",
)
"""Rooms and modules whose errors are translated; the others follow."""
REASONS = {
    "ChangedRecordError",
    "LoadedInput",
    "Problem",
    "UnreadableRecordError",
    "_unsafe",
    "not_arrays",
    "too_many",
}
"""What else is given a text for a person, beside the errors: why a record cannot be used, or a path."""


def literal_errors(source: str) -> Iterator[int]:
    """Yield the lines in which an error that a person reads is given a text without `_`."""
    names = {name for name, kind in vars(errors).items() if isinstance(kind, type)} | REASONS
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            for part in node.args:
                yield from literals(part)


def literals(node: ast.AST) -> Iterator[int]:
    """Yield the lines of texts with two letters or more, but for what a function makes something of."""
    match node:
        case ast.Constant(value=str(text)) if re.search("[A-Za-z]{2}", text):
            yield node.lineno
        case ast.JoinedStr() | ast.BinOp() | ast.IfExp() | ast.BoolOp():
            for part in ast.iter_child_nodes(node):
                yield from literals(part)


def test_errors_are_translated() -> None:
    modules = [path for room in DONE for path in modules_of(PACKAGE / room)]
    assert len(modules) > 40
    literal = {path: list(literal_errors(path.read_text("utf-8"))) for path in modules}
    assert not {path: lines for path, lines in literal.items() if lines}
    assert list(literal_errors('raise UsageError("What.", _("Why."), _("Do."))')) == [1]
    assert list(literal_errors('Problem(record, f"{_(x)} or so" if x else _("Not."))')) == [1]


WITHOUT_SENTENCES = ("checkpoints", "norms", "project", "scoring", "selection", "study")
"""Rooms in which no sentence at all stands outside the catalogue."""
SENTENCE = re.compile(r"[“A-Z].*[a-z]{2}[”,;:]? [a-z]|.*[a-z]{2} .*[a-z]\.$", re.DOTALL)
WRITTEN_TO_DISK = frozenset(
    {"Adam, the learning rate constant for the first half, then falling to nothing"}
)


def literal_sentences(source: str) -> Iterator[int]:
    """Yield the lines with a sentence, or the beginning or end of one, that is not translated."""
    tree = ast.parse(source)
    exempt: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            exempt.add(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            exempt |= set(node.args) if node.func.id in {"_", "N_", "ngettext"} else set()
    for node in ast.walk(tree):
        if node in exempt or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if SENTENCE.match(node.value) and node.value not in WRITTEN_TO_DISK:
            yield node.lineno


def test_no_sentence_is_outside_the_catalogue() -> None:
    modules = [path for room in WITHOUT_SENTENCES for path in modules_of(PACKAGE / room)]
    literal = {path: list(literal_sentences(path.read_text("utf-8"))) for path in modules}
    assert not {path: lines for path, lines in literal.items() if lines}
    assert list(
        literal_sentences('def f():\n    """Some text."""\n    return _("Some text."), "Some text."')
    ) == [3]
    assert list(literal_sentences('f"“{name}” holds no tensor."')) == [1]


def modules_of(room: Path) -> list[Path]:
    return [room] if room.is_file() else sorted(room.rglob("*.py"))


def test_values_go_into_their_places() -> None:
    assert _("{name} of {{all}}", name="{x}") == "{x} of {all}"
    assert _("{as it is}") == "{as it is}"
    assert _("") == ""
    assert ngettext("{count:,} record", "{count:,} records", 1) == "1 record"
    assert ngettext("{count:,} of {them}", "{count:,} of {them}", 2000, them="all") == "2,000 of all"
    assert N_("kept") == "kept"
    assert language() == "en"


def test_an_unknown_language_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "xx")
    texts.forget_language()
    assert _("Stopped.") == "Stopped."


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Put a catalogue with one message in force."""

    def speak(message: str, translation: str) -> None:
        catalogue = Catalog(locale=LANGUAGE)
        catalogue.add(message, translation)
        place = tmp_path / LANGUAGE / "LC_MESSAGES" / "dataselect.mo"
        place.parent.mkdir(parents=True)
        with place.open("wb") as file:
            write_mo(file, catalogue)
        texts.forget_language()

    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    monkeypatch.setenv("LANGUAGE", LANGUAGE)
    yield speak
    texts.forget_language()


@pytest.mark.parametrize(
    ("translation", "said"),
    [
        ("{n:>4} de {name}", "   3 de x"),
        ("{name.__class__}", "3 of x"),
        ("{name[0]}", "3 of x"),
        ("{name:9999999999}", "3 of x"),
        ("{name:{n}}", "3 of x"),
        ("{nobody}", "3 of x"),
        ("{}", "3 of x"),
        ("{name", "3 of x"),
        ("{name:d}", "3 of x"),
    ],
)
def test_a_translation_that_does_more_than_set_values_in_is_not_taken(
    foreign: Callable[[str, str], None], translation: str, said: str
) -> None:
    foreign("{n} of {name}", translation)
    assert _("{n} of {name}", n=3, name="x") == said


def test_every_form_of_a_placeholder_that_texts_have_may_be_translated() -> None:
    for message in catalogue():
        assert all(map(texts.is_plain, messages(message.id))), message.id


@pytest.mark.parametrize("way", ["{place}", "../{name}", "xx:{place}"])
def test_a_language_is_no_path(
    foreign: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    foreign("Stopped.", "Finished.")
    assert _("Stopped.") == "Finished."
    beside = tmp_path / "beside"
    (tmp_path / LANGUAGE).rename(beside)
    (tmp_path / "locale").mkdir()
    monkeypatch.setattr(texts, "FOLDER", tmp_path / "locale")
    monkeypatch.setenv("LANGUAGE", way.format(place=beside, name=beside.name))
    texts.forget_language()
    assert _("Stopped.") == "Stopped."


@pytest.mark.parametrize("stored", [b"", b"no catalogue", bytes.fromhex("de120495") + bytes(20)])
def test_a_damaged_catalogue_leaves_english(
    foreign: Callable[[str, str], None], tmp_path: Path, stored: bytes
) -> None:
    foreign("Stopped.", "Finished.")
    (tmp_path / LANGUAGE / "LC_MESSAGES" / "dataselect.mo").write_bytes(stored)
    assert _("Stopped.") == "Stopped."


def functions_that_hide_it(source: str) -> list[int]:
    """Return the lines of functions that give `_` another meaning, and call it."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            names = [part for part in ast.walk(node) if isinstance(part, ast.Name) and part.id == "_"]
            taken = any(isinstance(name.ctx, ast.Store) for name in names)
            taken |= any(argument.arg == "_" for argument in node.args.args)
            if taken and any(isinstance(name.ctx, ast.Load) for name in names):
                lines.append(node.lineno)
    return lines


def test_no_function_hides_the_translation() -> None:
    hidden = {path: functions_that_hide_it(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    assert not {path: lines for path, lines in hidden.items() if lines}
    assert functions_that_hide_it("def f():\n    for _ in x:\n        y(_('text'))") == [1]


@pytest.mark.usefixtures("brackets")
def test_a_text_is_shown_in_the_language_of_the_environment() -> None:
    refused = file_refused("a.csv", OSError(28, "No space left"))
    assert refused.what == "⟦“a.csv” cannot be written.⟧"
    assert language() == LANGUAGE


@pytest.mark.usefixtures("brackets")
def test_what_is_said_in_english_stays_english() -> None:
    with english():
        assert file_refused("a.csv", OSError()).what == "“a.csv” cannot be written."
        assert language() == "en"
    assert english()(language)() == "en"


@pytest.mark.parametrize("name", ["records-people", "records-exact-unknown", "gradient", "report"])
@pytest.mark.usefixtures("brackets", "verifying_here")
def test_a_bundle_is_the_same_whatever_its_owner_reads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte by byte; and whoever reads another language finds it as it should be."""
    written = write_case(tmp_path, name, monkeypatch)
    preview = json.loads(written.pop("preview.json"))
    assert preview["promise"].startswith("⟦")
    assert preview["mechanism"].startswith("⟦")
    assert all(item.startswith("⟦") for item in preview["not_protected"])
    for file, text in written.items():
        assert text == (FORMS / name / file).read_text("utf-8"), file


TRANSLATED = """
import sys
from pathlib import Path
from dataselect_gui import errors, texts
texts.FOLDER = Path(sys.argv[1])
"""
"""Begins a process that reads its catalogue from a folder of ours, before anything else is loaded."""
COMMAND = """
from dataselect_gui.cli.app import main
sys.exit(main(sys.argv[2:]))
"""
HELP = """
from typer.main import get_command
from dataselect_gui.cli.app import app
command = get_command(app)
print(command.help)
for verb in command.commands.values():
    print(verb.help)
    for option in verb.params:
        print(option.help)
"""


@pytest.fixture
def translated(tmp_path: Path) -> Run:
    """Run a program in the other language; returns its exit code and the lines of its two outputs."""
    write_brackets(tmp_path / "locale")

    def run(code: str, *arguments: object) -> tuple[int, list[str], list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", TRANSLATED + code, tmp_path / "locale", *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            check=False,
            cwd=tmp_path,
            env={
                **os.environ,
                "LANGUAGE": LANGUAGE,
                "DATASELECT_HOME": str(tmp_path / "home"),
                "PYTHONPATH": str(ROOT),
                "PYTHONIOENCODING": "utf-8",
            },
        )
        return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

    return run


CONFINED = """
from dataselect_gui.resources import resource
from dataselect_gui.sandbox.confining import Grant, confine, available_confinement
from dataselect_gui.sandbox.system_paths import holds, readable
from dataselect_gui.texts import _
confine(Grant(home="/home/somebody", read=(sys.argv[1],)))
print(_("Stopped."))
print(available_confinement().sentence)
print(any(holds(path, resource("locale")) for path in readable(Path("/home/somebody"))))
"""


def test_a_confined_process_reads_the_catalogue(translated: Run) -> None:
    """It is read with the first text, which is after the process confined itself."""
    code, (stopped, sentence, is_readable), _errors = translated(CONFINED)
    assert code == 0
    assert is_translated(stopped)
    assert sentence.startswith("⟦")
    assert is_readable == "True"


def is_translated(line: str) -> bool:
    return line.startswith("⟦") and line.endswith("⟧")


def test_a_command_speaks_the_language_of_the_environment(translated: Run) -> None:
    assert translated(COMMAND, "ledger") == (0, ["⟦Nothing was ever released.⟧"], [])
    code, out, refused = translated(COMMAND, "delete", "p.dataselect")
    assert (code, out) == (2, [])
    assert len(refused) == 3
    assert all(map(is_translated, refused))


def test_all_help_is_translated(translated: Run) -> None:
    code, lines, _errors = translated(HELP)
    assert code == 0
    assert len(lines) > 80
    assert [line for line in lines if not is_translated(line)] == []
