"""What a bundle says, word for word, for each kind of release and each mechanism.

Everything that chance and the clock decide is fixed, so that a change of a word, a
draw, a charge or the key of sameness shows. The files in ``tests/written_forms`` are made anew by
``python -m tests.release.test_written_forms``.
"""

import datetime
import hashlib
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui import workflow
from dataselect_gui.release.codec import from_entry, to_entry
from tests.ledgers import Desk
from tests.projects import consortium, owner_records, scored_project
from tests.releases import files, is_verified, release, select, select_by, silent

FORMS = Path(__file__).parents[1] / "written_forms"
WHOLE = ("release.json", "privacy.json", "README.md", "preview.json", "ledger.json")
"""Files that are kept as they are; of the others, the digest."""

_RULE: dict[str, Any] = {
    "conditions": [
        {"score": "loss", "most": {"bird": 0.5, "dog": "0.750"}, "otherwise": "keep"},
        {"score": "loss", "least": 0.125},
    ]
}
_KEEP = {"by": "class", "probabilities": {"cat": 0.5}, "otherwise": 1}
_BINS: dict[str, Any] = {"kind": "report", "bins": "0.25,0.5"}
_NORMAL: dict[str, Any] = {"mechanism": "discrete-gaussian", "delta": "1e-6"}
CASES: dict[str, dict[str, Any]] = {
    "records": {},
    "records-viewed": {"threshold_from": "viewed"},
    "records-agreed": {"threshold_from": "agreed", "epsilon": "0.25"},
    "records-fraction": {"rule": {"fraction": "0.25"}},
    "records-bought": {"rule": {"fraction": "0.25"}, "threshold_from": "bought:0.5", "bounds": "0,1"},
    "records-people": {"people": True, "max_contributions": 2},
    "records-trained-privately": {"in_training": "dp:1,1e-6"},
    "records-bits": {"mechanism": "randomized-response", "epsilon": "3"},
    "records-bits-people": {"mechanism": "randomized-response", "people": True, "max_contributions": 2},
    "records-top": {"mechanism": "noisy-top-k", "count": 7},
    "records-lowest": {"mechanism": "noisy-top-k", "rule": {"count": "5", "lowest": True}},
    "records-exact": {
        "mechanism": "exact",
        "epsilon": None,
        "budget": None,
        "acknowledge_exact": True,
        "reason": "a test",
    },
    "records-exact-unknown": {
        "mechanism": "exact",
        "epsilon": None,
        "budget": None,
        "acknowledge_exact": True,
        "reason": "a test",
        "in_training": "unknown",
        "people": True,
        "rule": {"fraction": "0.1"},
    },
    "records-rule": {"rule": _RULE, "request": {"rule": _RULE}},
    "records-rule-viewed": {"rule": _RULE, "people": True, "max_contributions": 2},
    "records-rule-kept": {"rule": {**_RULE, "keep": _KEEP}, "threshold_from": "agreed"},
    "records-rule-bits": {
        "rule": _RULE,
        "request": {"rule": _RULE},
        "mechanism": "randomized-response",
    },
    "records-everything": {
        "rule": "everything",
        "epsilon": None,
        "budget": None,
        "acknowledge_disclosure": True,
        "in_training": "unknown",
    },
    "offers": {"kind": "offers"},
    "offers-bought": {
        "kind": "offers",
        "rule": {"count": "9", "lowest": True},
        "threshold_from": "bought:0.25",
    },
    "offers-top": {"kind": "offers", "mechanism": "noisy-top-k", "rule": {"fraction": "0.2"}},
    "offers-top-people": {"kind": "offers", "mechanism": "noisy-top-k", "count": 3, "people": True},
    "scores": {"kind": "scores"},
    "scores-padded": {"kind": "scores", "pad_to": 50, "rule": {"threshold": "0.5", "lowest": True}},
    "scores-people": {"kind": "scores", "people": True, "max_contributions": 3},
    "report": {**_BINS, "by_class": True, "count_threshold": "0.9"},
    "report-count": {
        "kind": "report",
        "count_threshold": "0.5",
        "rule": {"count": "3", "lowest": True},
    },
    "report-people": {**_BINS, "people": True, "max_contributions": 2},
    "report-normal": {**_BINS, **_NORMAL},
    "report-normal-people": {**_BINS, **_NORMAL, "count_threshold": "0.5", "people": True},
    "report-passing": {
        "kind": "report",
        "passing": True,
        "by_class": True,
        "rule": _RULE,
        "request": {"rule": _RULE},
    },
    "report-passing-people": {
        **_BINS,
        **_NORMAL,
        "passing": True,
        "threshold_from": "agreed",
        "people": True,
        "max_contributions": 2,
    },
    "gradient": {"kind": "gradient", "delta": "1e-6"},
    "gradient-people": {"kind": "gradient", "delta": "0.001", "clip": "2.5", "people": True},
    "gradient-bought": {
        "kind": "gradient",
        "delta": "1e-6",
        "rule": {"fraction": "0.5"},
        "threshold_from": "bought:0.5",
    },
}


class Fixed:
    """Stands for chance: the same numbers at each start."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._tokens: Counter[int] = Counter()

    def noise(self, values: list[int]) -> NDArray[np.int64]:
        return np.array(values) + self._rng.integers(-(10**9), 10**9, len(values))

    def token(self, length: int = 32) -> str:
        self._tokens[length] += 1
        return hashlib.sha256(f"{length}, {self._tokens[length]}".encode()).hexdigest()[: 2 * length]


def summed(*_: object) -> tuple[list[tuple[str, list[int]]], NDArray[np.int64]]:
    """Stand for the worker."""
    return [("classifier.weight", [3, 2]), ("classifier.bias", [3])], np.arange(9, dtype=np.int64)


def write_case(folder: Path, name: str, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """Make a release, and return what is to be compared: name of a file → text."""
    asked = dict(CASES[name])
    rule, is_of_people = asked.pop("rule", {"threshold": "0.5"}), asked.pop("people", False)
    chance = Fixed()
    patch.setenv("DATASELECT_HOME", str(folder / "home"))
    patch.setattr("secrets.token_hex", chance.token)
    patch.setattr("secrets.SystemRandom", lambda: random.Random(0))
    for measurement in ("laplace_measurement", "gaussian_measurement"):
        patch.setattr(f"dataselect_gui.privacy.noise.{measurement}", lambda _scale: chance.noise)
    patch.setattr("secrets.randbelow", random.Random(0).randrange)
    patch.setattr("dataselect_gui.release.procedure.buy_threshold", lambda *_, **__: Decimal("0.625"))
    patch.setattr("dataselect_gui.workflow.releasing.sum_gradients", summed)
    request = {"bounds": {"loss": [0, 1]}, "max_grad_norm": 1.5, **asked.pop("request", {})}
    project = scored_project(
        folder / "p.dataselect",
        owner_records(folder / "r.npz"),
        consortium(folder / "consortium", **request),
        unit_column="patient" if is_of_people else None,
    )
    if isinstance(rule, dict) and "conditions" not in rule:
        select(project, **rule)
    else:
        select_by(project, rule)
    stated = workflow.ReleaseRequest(
        to=folder / "b", **{"epsilon": "1", "in_training": "no", "budget": "9", **asked}
    )
    foreseen = workflow.preview(project, stated, silent)
    assert foreseen.preview is not None
    done = release(project, folder / "b", **{"budget": "9", **asked})
    assert is_verified(folder / "b")
    (account,) = Desk(folder / "home").accounts()
    entries = Desk(folder / "home").statement(account).entries
    reserved = [entry.body for entry in entries if entry.kind == "reserved"]
    for body in reserved:
        body.pop("nonce", None)
    written = {
        name: content.decode("latin-1" if name.endswith(("png", "safetensors")) else "utf-8")
        for name, content in files(folder / "b").items()
    }
    del written["SHA256SUMS"]  # Of what is compared already, and of the clock.
    written["preview.json"] = json.dumps(foreseen.preview.as_json(), default=str)
    written["ledger.json"] = json.dumps(reserved)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    head = json.loads(written["release.json"])["ledger_head"]
    return _compared(written, {today: "2000-01-01", head: "0" * 64, str(done.release): "0" * 16})


def _compared(written: dict[str, str], replaced: dict[str, str]) -> dict[str, str]:
    """Return what is compared of a release, without what the clock and the ledger decide."""
    digests, kept = {}, {}
    for name, text in sorted(written.items()):
        for what, by in replaced.items():
            text = text.replace(what, by)
        if name in WHOLE:
            kept[name] = _rounded(text) if name.endswith(".json") else text
        else:
            digests[name] = hashlib.sha256(text.encode()).hexdigest()
    return {**kept, "others.json": _rounded(json.dumps(digests))}


def _rounded(text: str) -> str:
    """Return JSON with its numbers to ten digits: the last ones may differ between machines."""
    content = json.loads(text, parse_float=lambda number: f"{float(number):.10g}")
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_stays(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_case(tmp_path, name, monkeypatch)
    for file, text in written.items():
        assert text == (FORMS / name / file).read_text(encoding="utf-8"), file


@pytest.mark.parametrize("name", CASES)
def test_an_entry_of_the_ledger_is_read_as_it_was_written(name: str) -> None:
    entries = json.loads((FORMS / name / "ledger.json").read_text(encoding="utf-8"))
    for entry in entries:
        if "terms" in entry:
            terms = entry["terms"]
            scale = terms["noise_scale"]  # Kept rounded, as a text.
            terms["noise_scale"] = None if scale is None else float(scale)
            assert json.loads(json.dumps(to_entry(from_entry(terms)))) == terms


def test_every_form_that_is_kept_is_compared() -> None:
    assert {path.name for path in FORMS.iterdir()} == set(CASES)


@contextmanager
def _fresh(name: str) -> Iterator[Path]:
    shutil.rmtree(FORMS / name, ignore_errors=True)
    (FORMS / name).mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> int:
    """Write what is compared anew."""
    for name in CASES:
        with _fresh(name) as folder, pytest.MonkeyPatch.context() as patch:
            for file, text in write_case(folder, name, patch).items():
                (FORMS / name / file).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
