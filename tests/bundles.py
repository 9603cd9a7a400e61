"""A bundle of every kind of release by every mechanism, and what somebody could make of one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui.records.forms.labels_said import labels_said
from dataselect_gui.records.kinds import form_in
from dataselect_gui.release.bundle import PRIVACY, RELEASE
from dataselect_gui.release.card import card
from dataselect_gui.release.codec import TermsForm, from_form, to_form
from dataselect_gui.release.croissant import describe
from dataselect_gui.release.documents import (
    document_text,
    privacy_document,
    release_document,
    terms_of_document,
)
from tests.projects import consortium, owner_records, scored_project
from tests.releases import document_of, rebuild, release, select, select_by

WINDOW: dict[str, Any] = {
    "conditions": [{"score": "loss", "least": {"bird": 0.2, "cat": 0.3}, "most": 0.9}]
}
_KEEP = {"by": "score", "score": "loss", "edges": [0.5], "probabilities": [1, 0.5]}
_REPORT: dict[str, Any] = {"kind": "report", "bins": "0.25,0.5", "count_threshold": "0.9"}
KINDS: dict[str, dict[str, Any]] = {
    "records, one-sided": {},
    "records, bits": {"mechanism": "randomized-response", "epsilon": "3"},
    "records, top": {"mechanism": "noisy-top-k", "count": 7},
    "records, exact": {
        "mechanism": "exact",
        "epsilon": None,
        "budget": None,
        "acknowledge_exact": True,
        "reason": "a test",
    },
    "records, bought": {"threshold_from": "bought:0.5", "rule": {"fraction": "0.25"}},
    "offers, bits": {"kind": "offers"},
    "offers, top": {"kind": "offers", "mechanism": "noisy-top-k", "count": 7},
    "scores": {"kind": "scores"},
    "scores, padded": {"kind": "scores", "pad_to": 50},
    "report": {**_REPORT, "by_class": True},
    "report, normal": {**_REPORT, "mechanism": "discrete-gaussian", "delta": "1e-6"},
    "gradient": {"kind": "gradient", "delta": "1e-6", "clip": "1.5"},
    "person": {"people": True, "max_contributions": 2},
    "rule": {"rule": WINDOW, "threshold_from": "agreed"},
    "rule, viewed": {"rule": WINDOW},
    "rule, kept": {"rule": {**WINDOW, "keep": _KEEP}, "threshold_from": "agreed"},
    "rule, bits": {
        "rule": WINDOW,
        "threshold_from": "agreed",
        "mechanism": "randomized-response",
        "epsilon": "3",
    },
    "everything": {
        "rule": "everything",
        "epsilon": None,
        "budget": None,
        "acknowledge_disclosure": True,
        "in_training": "unknown",
    },
}
"""What is asked for; `rule` and `people` are the selection's and the project's."""
_PARAMETERS = {
    **{
        name: (name, "value")
        for name in "epsilon delta cut threshold threshold_epsilon bounds count bins classes "
        "count_threshold clip".split()
    },
    "padded": ("padded_to", "value"),
    "threshold_from": ("cut", "from"),
    "rule": ("rule", "value"),
    "rule_from": ("rule", "from"),
    "rule_scores": ("rule_scores", "value"),
    "marks": ("withheld", "from"),
}
"""Field of the terms → the parameter of ``release.json`` that says it, and where in that."""
LAYOUT = [("classifier.weight", [3, 2]), ("classifier.bias", [3])]


def summed(*_: object) -> tuple[list[tuple[str, list[int]]], NDArray[np.int64]]:
    """Stand for the worker that sums gradients."""
    return LAYOUT, np.arange(9, dtype=np.int64)


def make_bundle(folder: Path, name: str, patch: pytest.MonkeyPatch, **more: object) -> Path:
    """Release what a name of `KINDS` stands for, from a project of its own."""
    asked = {**KINDS[name], **more}
    rule, is_of_people = asked.pop("rule", {"threshold": "0.5"}), asked.pop("people", False)
    patch.setenv("DATASELECT_HOME", str(folder / "home"))
    patch.setattr("dataselect_gui.workflow.releasing.sum_gradients", summed)
    project = scored_project(
        folder / "p.dataselect",
        owner_records(folder / "r.npz"),
        consortium(folder / "consortium", bounds={"loss": [0, 1]}),
        unit_column="patient" if is_of_people else None,
    )
    if isinstance(rule, dict) and "conditions" not in rule:
        select(project, **rule)
    else:
        select_by(project, rule)
    release(project, folder / "b", **{"budget": "9", **asked})
    return folder / "b"


def forge(bundle: Path, **changed: object) -> None:
    """Change terms of a bundle, and write whatever follows from them as the program does."""
    form = replace(to_form(terms_of_document(document_of(bundle))), **changed)  # type: ignore[arg-type]
    terms = from_form(form)
    document = release_document(terms, document_of(bundle)["ledger_head"])
    _say(document["parameters"], changed, to_form(terms))
    (bundle / RELEASE).write_text(document_text(document), encoding="utf-8")
    (bundle / PRIVACY).write_text(document_text(privacy_document(terms)), encoding="utf-8")
    written = form_in(bundle)
    labels = None if written is None else labels_said(written.labels(bundle))
    (bundle / "README.md").write_text(card(terms, written, labels), encoding="utf-8")
    describe_anew(bundle)


def _say(parameters: dict[str, Any], changed: dict[str, object], form: TermsForm) -> None:
    """Say by hand what the program does not, since such a release has no use for it."""
    for name, value in changed.items():
        if name in _PARAMETERS and value is not None and getattr(form, name) != value:
            parameter, key = _PARAMETERS[name]
            parameters.setdefault(parameter, {"value": None, "from": "agreed beforehand"})[key] = value
        if name == "noise_scale" and form.noise_scale is None:
            parameters["noise"] = {"value": {"scale_in_steps": value}, "from": "agreed beforehand"}


def describe_anew(bundle: Path) -> None:
    """Describe what is in a bundle, and make its checksums fit."""
    rebuild(bundle)
    lines = (bundle / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    data = {name: digest for name, digest in sums.items() if name.startswith("data/")}
    (listing,) = [name for name in data if not name.endswith((".png", ".jpg", ".tif"))]
    form = form_in(bundle)
    fields = () if form is None else form.described(bundle)
    description = describe(terms_of_document(document_of(bundle)), data, listing, fields)
    (bundle / "croissant.json").write_text(description, encoding="utf-8")
    rebuild(bundle)
