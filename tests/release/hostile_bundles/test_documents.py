"""Documents that point elsewhere, say too much, or hold anything: there is always an answer."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from dataselect_gui.release.verify import verify_bundle
from tests.release.hostile_bundles.changing import COUNTS, LISTING, add_to
from tests.releases import document_of, failed, rebuild

ROOT = Path(__file__).parents[3]

FETCHES = """
import sys
touched = []
watched = ("socket.", "urllib.", "subprocess.", "os.exec", "os.posix_spawn", "os.system")
sys.addaudithook(
    lambda event, arguments: touched.append(event)
    if event.startswith(watched) or (event == "open" and "bait" in str(arguments[0])) else None
)
from pathlib import Path
from dataselect_gui.release.verify import verify_bundle
print([check.name for check in verify_bundle(Path(sys.argv[1])) if not check.ok], touched)
"""
BAIT = "http://127.0.0.1:9/bait"
CONTEXTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "whole": lambda document: document.update({"@context": BAIT}),
    "one of two": lambda document: document.update({"@context": [document["@context"], BAIT]}),
    "imported": lambda document: document["@context"].update({"@import": BAIT}),
    "nested": lambda document: document["distribution"][0].update({"@context": BAIT}),
    "a file": lambda document: document["distribution"][0].update({"@context": "file:///bait"}),
    "content": lambda document: document["distribution"][0].update({"contentUrl": BAIT}),
}


@pytest.mark.parametrize("change", CONTEXTS.values(), ids=CONTEXTS)
def test_a_description_that_points_elsewhere_is_not_followed(
    bundle: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    path = bundle / "croissant.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    rebuild(bundle)
    run = subprocess.run(
        [sys.executable, "-c", FETCHES, bundle], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.strip() == "['description'] []"


def replace_in(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(bundle: Path) -> None:
        text = (bundle / name).read_text(encoding="utf-8")
        assert old in text
        (bundle / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def put(name: str, key: str, value: object) -> Callable[[Path], None]:
    def change(bundle: Path) -> None:
        document = json.loads((bundle / name).read_text(encoding="utf-8"))
        *way, last = key.split("/")
        inner = document
        for step in way:
            inner = inner[step]
        inner[last] = value
        (bundle / name).write_text(json.dumps(document), encoding="utf-8")

    return change


MORE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "the card says more": ("records", add_to("README.md", "\nPerfectly anonymous. Mrs Smith.\n")),
    "release.json says more": ("records", put("release.json", "note", "Mrs Smith, of 40 records")),
    "a parameter says more": ("records", put("release.json", "parameters/score/note", "Mrs Smith")),
    "an assumption is dropped": ("records", put("release.json", "assumptions", [])),
    "privacy.json says more": (
        "records",
        put("privacy.json", "deployment/basic/intended_use", "Mrs Smith"),
    ),
    "privacy.json states a smaller ε": (
        "records",
        put("privacy.json", "deployment/privacy_loss/privacy_parameters_details", "ε is 0.01."),
    ),
    "the description says more": ("records", put("croissant.json", "creator", "Mrs Smith")),
    "a label that is an object": (
        "records",
        replace_in(LISTING, '"label": "', '"label": {"name": "Mrs Smith"}, "label": "'),
    ),
    "a label with more in it": ("records", replace_in(LISTING, '"label": "', '"label":    "')),
    "a key twice": ("records", replace_in(LISTING, "{", '{"label": "Mrs Smith", ')),
    "a count that is no number": ("report", replace_in(COUNTS, ",-inf,0.5,", ",-inf,0.5,nan")),
    "a count with more digits": ("report", replace_in(COUNTS, ",0.5,inf,", ",0.5,inf,0")),
    "steps that are no counts": ("gaussian", replace_in(COUNTS, ",0.5,inf,", ",0.5,inf,1_")),
    "a quoted cell": ("scores", replace_in("data/scores.csv", "\n", '\n"Mrs Smith",0.5\n')),
    "a record named as a word": ("records", put("release.json", "parameters/score/value", "Mrs Smith")),
    "a version of prose": ("records", put("release.json", "program/version", "1 (Mrs Smith)")),
}  # fmt: skip


@pytest.mark.parametrize(("of", "change"), MORE.values(), ids=MORE)
def test_what_says_more_than_the_program_writes_is_found(
    bundle_of: Callable[[str], Path], of: str, change: Callable[[Path], None]
) -> None:
    bundle = bundle_of(of)
    change(bundle)
    rebuild(bundle)
    failures = failed(bundle)
    assert failures - {"checksums", "stray files"}
    assert "checksums" not in failures


HUGE = ["1e999999999", "-1e999999999", "9" * 4000, "NaN", "Infinity", "1_0", "１", "1.0", " 1", "0", ""]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", HUGE)
@pytest.mark.parametrize("name", ["epsilon", "threshold", "delta"])
def test_a_number_is_written_as_the_program_writes_it(
    bundle_of: Callable[[str], Path], text: str, name: str
) -> None:
    bundle = bundle_of("gaussian" if name == "delta" else "records")
    document = document_of(bundle)
    document["parameters"][name]["value"] = text
    if name != "threshold":
        document[name] = text
    rebuild(bundle, document)
    assert failed(bundle) & {"promise", "documents"}


@pytest.mark.usefixtures("verifying_here")
@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("date", 5),
        ("date", "soon"),
        ("kind", ["records"]),
        ("unit", {}),
        ("records_per_unit", 10**18),
        ("records_per_unit", True),
        ("records_per_unit", 0),
        ("parameters", []),
        ("parameters/epsilon", "1"),
        ("parameters/noise", {"value": {"scale_in_steps": float("nan")}, "from": ""}),
        ("checkpoint", None),
        ("promise", 7),
        ("not_protected", 7),
        ("assumptions", None),
        ("ledger_head", "the secret is 17"),
    ],
)
def test_whatever_a_document_holds_there_is_an_answer_and_a_page(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: object
) -> None:
    put("release.json", key, value)(bundle)
    rebuild(bundle)
    assert main(["verify", str(bundle), "--json", "--page", str(tmp_path / "page.html")]) == 5
    assert json.loads(capsys.readouterr().out)["exit_code"] == 5
    assert "checks failed" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "[]", "7", "", '{"a": ' + "9" * 5000 + "}"])
@pytest.mark.parametrize("name", ["release.json", "privacy.json", "croissant.json"])
def test_json_of_any_kind_has_an_answer(bundle: Path, tmp_path: Path, name: str, text: str) -> None:
    (bundle / name).write_text(text, encoding="utf-8")
    rebuild(bundle)
    checks = verify_bundle(bundle)
    assert not all(check.ok for check in checks)
    workflow.write_page(bundle, workflow.Verified(checks, None), tmp_path / "page.html")


@pytest.mark.timeout(30)
def test_a_report_of_more_cells_than_fit_anywhere_has_an_answer(
    bundle_of: Callable[[str], Path],
) -> None:
    bundle = bundle_of("report")
    document = document_of(bundle)
    document["parameters"]["bins"]["value"] = [str(edge) for edge in range(50_000)]
    document["parameters"]["classes"]["value"] = [str(name) for name in range(50_000)]
    rebuild(bundle, document)
    assert "content" in failed(bundle)
