"""Whatever is changed of what a bundle says, its checksums made to fit again, a check finds.

Two things can be changed: a document alone, and the terms with everything that follows from them.
"""

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.records.kinds import FORMS
from tests.bundles import KINDS, describe_anew, forge, make_bundle
from tests.releases import document_of, failed, is_verified, rebuild

Bundles = Callable[[str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundles]:
    """Return a bundle of a kind, made once."""
    there: dict[str, Path] = {}
    with pytest.MonkeyPatch.context() as patch:

        def bundle(name: str) -> Path:
            if name not in there:
                there[name] = make_bundle(tmp_path_factory.mktemp("made"), name, patch)
            return there[name]

        yield bundle


@pytest.fixture
def bundle_of(made: Bundles, tmp_path: Path) -> Bundles:
    return lambda name: Path(shutil.copytree(made(name), tmp_path / "b"))


@pytest.fixture(autouse=True)
def _without_the_librarys_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    """The description is compared letter by letter; what its library says of it takes half a second."""
    monkeypatch.setattr("dataselect_gui.release.verify.problems_of", lambda _: [])


every_kind = pytest.mark.parametrize("name", KINDS)
USUAL = {"records, bought", "scores, padded", "report"}
most_kinds_slowly = pytest.mark.parametrize(
    "name", [pytest.param(kind, marks=[] if kind in USUAL else pytest.mark.slow) for kind in KINDS]
)
"""Where a bundle of a kind is checked some hundred times."""


# One document


def changes(value: Any) -> Iterator[Any]:  # noqa: ANN401  (any JSON)
    """Yield other values than one, of its type and of others."""
    match value:
        case bool():
            yield from (not value, int(value), str(value), None)
        case str():
            yield from (value + " ", value + "a", value.replace("a", "а", 1) + "​", [value], None, 7)
            if value.isdecimal():
                yield int(value)
        case int():
            yield from (value + 1, float(value), str(value), True if value == 1 else -value, None)
        case float():
            yield from (value * (1 + 1e-9), str(value), None)
        case list():
            yield from ([*value, "Mrs Smith"], value[:-1], value[::-1], dict(enumerate(value)), None)
        case dict():
            yield from ({**value, "note": "Mrs Smith"}, dict(reversed(value.items())), [value], None)
            yield from ({key: value[key] for key in value if key != left} for left in value)
        case None:
            yield from ("Mrs Smith", 0, False, [])


def mutants(document: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  (any JSON)
    """Yield a document with each of its values changed in each way, and where that is."""

    def places(value: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
        yield way
        if isinstance(value, dict | list):
            for key in value if isinstance(value, dict) else range(len(value)):
                yield from places(value[key], (*way, key))

    for way in places(document, ()):
        inner = document
        for step in way:
            inner = inner[step]
        for other in changes(inner):
            if json.dumps(other) == json.dumps(inner):
                continue
            if not way:
                yield "", other
                continue
            whole = copy.deepcopy(document)
            place = whole
            for step in way[:-1]:
                place = place[step]
            place[way[-1]] = other
            yield "/".join(map(str, way)), whole


FREE = {"ledger_head"}
"""The ledger's own hash is nowhere else in a bundle; that it is one is all that can be checked."""


@most_kinds_slowly
@pytest.mark.parametrize("document", ["release.json", "privacy.json"])
@pytest.mark.timeout(300)
def test_no_change_of_a_document_passes(
    bundle_of: Bundles, monkeypatch: pytest.MonkeyPatch, name: str, document: str
) -> None:
    bundle = bundle_of(name)
    assert is_verified(bundle)
    # Records stay as they are; looking at them each time takes long.
    for form in FORMS:
        for check in ("check", "check_metadata"):
            monkeypatch.setattr(type(form), check, lambda *_: "")
    path = bundle / document
    passed = []
    for where, changed in mutants(json.loads(path.read_text(encoding="utf-8"))):
        path.write_text(json.dumps(changed, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        rebuild(bundle)
        failures = failed(bundle)
        assert "checksums" not in failures
        if not failures:
            passed.append(where)
    assert set(passed) <= (FREE if document == "release.json" else set())


def test_another_head_of_the_ledger_is_the_only_change_that_passes(bundle_of: Bundles) -> None:
    bundle = bundle_of("scores")
    document = document_of(bundle)
    for name in FREE:
        document[name] = "0" * 64
    (bundle / "release.json").write_text(
        json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    rebuild(bundle)
    assert is_verified(bundle)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "no end": lambda text: text[:-1],
    "more ends": lambda text: text + "\n",
    "ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "blanks": lambda text: text.replace('": ', '":  ', 1),
    "one line": lambda text: json.dumps(json.loads(text), ensure_ascii=False),
    "escapes": lambda text: re.sub(
        r'": "([a-z])', lambda match: f'": "\\u{ord(match[1]):04x}', text, count=1
    ),
    "ASCII": lambda text: text.replace("ε", "\\u03b5", 1),
    "mark of order": lambda text: "\ufeff" + text,
    "digits": lambda text: re.sub(r"(\d+\.\d+)(?=,?\n)", r"\g<1>0", text, count=1),
    "exponent": lambda text: re.sub(r": (\d+)(?=,?\n)", r": \g<1>e0", text, count=1),
}


@pytest.mark.parametrize("how", SPELLINGS)
@pytest.mark.parametrize("document", ["release.json", "privacy.json", "croissant.json"])
def test_no_other_spelling_of_a_document_passes(bundle_of: Bundles, document: str, how: str) -> None:
    bundle = bundle_of("report, normal")
    path = bundle / document
    before = path.read_text(encoding="utf-8")
    path.write_bytes(SPELLINGS[how](before).encode())
    if path.read_text(encoding="utf-8", errors="replace") == before and how != "ends of Windows":
        pytest.skip("there is no such spelling")
    rebuild(bundle)
    assert failed(bundle)


@pytest.mark.parametrize("document", ["README.md", "croissant.json", "SHA256SUMS"])
@most_kinds_slowly
def test_no_change_of_a_line_passes(bundle_of: Bundles, name: str, document: str) -> None:
    bundle = bundle_of(name)
    path = bundle / document
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for place in range(0, len(lines), max(1, len(lines) // 12)):
        for other in ("", lines[place] * 2, lines[place][:-1] + " \n"):
            changed = "".join([*lines[:place], other, *lines[place + 1 :]])
            path.write_text(changed, encoding="utf-8")
            if document != "SHA256SUMS":
                rebuild(bundle)
            assert failed(bundle), (place, other)


# The terms, and whatever follows from them

ONES: dict[str, object] = {
    "epsilon": "0.5",
    "delta": "0.5",
    "cut": "threshold",
    "threshold": "0.5",
    "threshold_from": "agreed",
    "threshold_epsilon": "0.000000000001",
    "bounds": ("0", "1"),
    "bounds_from": "agreed",
    "count": 7,
    "padded": 60,
    "bins": tuple(map(str, range(1000))),
    "classes": ("Erika Mustermann, HIV positive",),
    "count_threshold": "0.5",
    "clip": "1",
    "noise_scale": 1e-9,
    "rule": {"conditions": [{"score": "loss", "most": {"HIV": "0"}, "otherwise": "leave"}]},
    "rule_from": "agreed",
    "rule_scores": (("loss", ""),),
    "marks": "settled",
}
"""What only some releases have."""
USED = {
    "records, one-sided": "epsilon cut threshold threshold_from",
    "records, bits": "epsilon cut threshold threshold_from",
    "records, top": "epsilon bounds bounds_from count noise_scale",
    "records, exact": "cut threshold threshold_from",
    "records, bought": "epsilon cut threshold threshold_from threshold_epsilon bounds bounds_from",
    "offers, bits": "epsilon cut threshold threshold_from",
    "offers, top": "epsilon bounds bounds_from count noise_scale",
    "scores": "epsilon bounds bounds_from noise_scale",
    "scores, padded": "epsilon bounds bounds_from padded noise_scale",
    "report": "epsilon bins classes count_threshold noise_scale",
    "report, normal": "epsilon delta bins count_threshold noise_scale",
    "gradient": "epsilon delta cut threshold threshold_from clip bounds_from noise_scale",
    "person": "epsilon cut threshold threshold_from",
    "rule": "epsilon rule rule_from rule_scores",
    "rule, viewed": "epsilon rule_from rule_scores",
    "rule, kept": "epsilon rule rule_from rule_scores",
    "rule, bits": "epsilon rule rule_from rule_scores",
    "everything": "marks",
}
DECLARED = {("scores, padded", "padded")}
"""That scores were padded shows in nothing else: there may be as many records as rows."""


def forged(bundle: Path, **changed: object) -> bool:
    """Say whether changed terms are found, cannot even be written, or change nothing that is said."""
    before = (bundle / "release.json").read_bytes()
    try:
        forge(bundle, **changed)
    except (KeyError, ValueError, TypeError, AssertionError, AttributeError, ArithmeticError):
        return True
    return (bundle / "release.json").read_bytes() == before or bool(failed(bundle))


@pytest.mark.parametrize("field", ONES)
@every_kind
def test_a_release_has_what_it_needs_and_nothing_else(
    bundle_of: Bundles, name: str, field: str
) -> None:
    """A value that belongs to no such release can tell anything; one that is missing tells nothing."""
    value = None if field in USED[name].split() else ONES[field]
    assert forged(bundle_of(name), **{field: value}) or (name, field) in DECLARED


CONDITION = {"score": "loss", "most": "0.9", "otherwise": "leave"}
ONE: dict[str, object] = {"conditions": [CONDITION]}
OTHERS: dict[str, list[object]] = {
    "release": ["0" * 15, "Mrs Smith", "0" * 17, "٠" * 16],
    "program": ["0.1.0-Mrs.Smith", "1+erika.mustermann", "1." * 9 + "1"],
    "date": ["0000-00-00", "2026-13-01", "2026-02-30", "2026-1-1"],
    "unit": ["patient", "Record"],
    "per_unit": [0, 2, 5, 10**7, 1.0, True],
    "score": ["patient_erika_mustermann_1964", "loss-late", "Loss", "los"],
    "variant": ["std", "Mrs Smith", "averaged over the series", " "],
    "in_training": ["yes", "unknown", "dp:1", ""],
    "checkpoint": ["0" * 63, "Z" * 64],
    "scored_by": ["Mrs Smith", "", "0.1.0\n"],
    "precision": ["float16", ""],
    "device": ["cpu:0", "", None],
    "batch": [0, -1, True, 1 << 30, "32"],
    "conditional": [True, 0],
    "kind": ["song", "records"],
    "epsilon": ["1.0", "01", "+1", "1e0", "301", "0", "-1", "0.0000000000001", "１"],
    "threshold": ["0.50", "1" * 29, "0." + "1964081219640812" * 5, "nan", "-0", "1e5"],
    "threshold_from": [None, "Mrs Smith", "bought", "viewed"],
    "cut": [None, "count", "median"],
    "bounds": [("2", "0"), ("2", "2"), ("0", "1", "2"), ("1", "1.00000000000000000001"), ("0", "1e9")],
    "bounds_from": ["score", "Mrs Smith", None],
    "count": [0, 1.0, -7, 10**10],
    "padded": [-1, 10**9, 49],
    "bins": [("1", "0.5", "0"), ("0", "0"), (), ("0.50",), ("0.25", "0.25000000000000000001")],
    "classes": [(), ("a" * 301,), ("bird", "cat", "d\u200bog"), ("bird", "cat", "d\u3164"), ("bird",)],
    "count_threshold": ["0.90", "inf", "1" * 40],
    "clip": ["0", "1e10", "1.50", "-1"],
    "clip_from": ["score", "viewed", "request"],
    "noise_scale": [0.0, -1.0, float("inf"), 10**9, 1e300],
    "rule": [
        None,
        "everything",
        {"conditions": []},
        {**ONE, "conditions": [{**CONDITION, "most": "0.90"}]},
        {**ONE, "conditions": [{**CONDITION, "most": 0.9}]},
        {**ONE, "conditions": [{**CONDITION, "note": "Erika Mustermann"}]},
        {**ONE, "conditions": [{**CONDITION, "score": "vog"}]},
        {**ONE, "conditions": [{**CONDITION, "most": {"a\u200b": "0.9"}}]},
        {**ONE, "conditions": [{**CONDITION, "most": {"a" * 301: "0.9"}}]},
        {**ONE, "keep": {"by": "class", "probabilities": {"cat": "0.50"}, "otherwise": "1"}},
    ],
    "rule_from": [None, "Mrs Smith", "bought", "viewed"],
    "rule_scores": [None, (), (("vog", ""),), (("loss", "std"),), (("loss", ""), ("loss", ""))],
    "marks": [None, "viewed", "Mrs Smith"],
    "after_marked": [True],
}
ALLOWED: dict[str, list[tuple[str, object]]] = {
    "person": [("per_unit", 5)],
    "gradient": [("clip_from", "request")],
    "records, exact": [("in_training", "yes"), ("in_training", "unknown"), ("after_marked", True)],
    "everything": [("in_training", "yes"), ("after_marked", True)],
    "rule, viewed": [("after_marked", True)],
}
"""What another release may say, with all that follows from it: of a person any number of records may
leave, a norm comes from the request or was agreed, where nothing is promised any answer about training
is one, and what left before may have been marked late."""


@every_kind
def test_no_value_that_the_program_does_not_write_passes(bundle_of: Bundles, name: str) -> None:
    bundle = bundle_of(name)
    keep = bundle.parent / "kept"
    shutil.copytree(bundle, keep)
    passed = []
    optional = set(ONES) - set(USED[name].split())
    for field, values in OTHERS.items():
        for value in values if field not in optional else []:
            shutil.rmtree(bundle)
            shutil.copytree(keep, bundle)
            if not forged(bundle, **{field: value}):
                passed.append((field, value))
    assert passed == ALLOWED.get(name, [])


SCORES = ["0." + "1964081219640812" * 3, "1e99", "0.70000000000000000001234", "0.5 ", "+0.5", "0.50",
          ".5", "5e-1", "0,5", "nan", "inf", "-0", "0.500001", "１"]  # fmt: skip


@pytest.mark.parametrize("text", SCORES)
def test_a_score_is_one_of_the_grid(bundle_of: Bundles, text: str) -> None:
    bundle = bundle_of("scores")
    path = bundle / "data/scores.csv"
    header, first, *lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join([header, f"{first[:32]},{text}", *lines]), encoding="utf-8")
    describe_anew(bundle)
    assert failed(bundle) == {"content"}


@pytest.mark.parametrize(
    "text", ["-0.000", "007.000", "1.0000", "1.5", "+1.000", "1e3", "1.000 ", "9" * 17 + ".000"]
)
def test_a_count_with_steps_has_one_spelling(bundle_of: Bundles, text: str) -> None:
    bundle = bundle_of("report, normal")
    path = bundle / "data/report.csv"
    header, first, *lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join([header, f"{first.rpartition(',')[0]},{text}", *lines]), encoding="utf-8")
    describe_anew(bundle)
    assert failed(bundle) == {"content"}
