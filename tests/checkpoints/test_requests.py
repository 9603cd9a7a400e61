"""Every number of a request can be computed with, or is refused by its name and with its range."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dataselect_gui.checkpoints.request import KNOWN, TRAINING, Request, read_request, request_of
from dataselect_gui.cli.app import main
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.images import with_8_bits
from dataselect_gui.release.kinds.gradient import stated_norm
from dataselect_gui.scoring.privacy_loss import PrivacyLoss
from dataselect_gui.selection.rules import ScoreCut
from dataselect_gui.workflow.release_terms import public_bounds
from dataselect_gui.workflow.selecting import requested_rule
from tests.helpers import hugging_face_folder, write_json

RANGES: dict[str, tuple[float, float]] = {
    "noise_multiplier": (0.01, 1000),
    "max_grad_norm": (1e-9, 1e9),
    "sample_rate": (1e-9, 1),
    "steps": (1, 1_000_000_000),
    "delta": (1e-300, 0.1),
    "epsilon": (1e-9, 1e9),
    "threshold": (-1e299, 1e299),
    "count": (1, 1_000_000_000),
}
"""Of each number the least and the most that it can be."""
IMPOSSIBLE: list[tuple[str, object, str]] = [
    ("delta", 1, "to 0.1"),
    ("delta", 1.5, "to 0.1"),
    ("delta", 0.5, "to 0.1"),
    ("delta", 0, "to 0.1"),
    ("delta", -1e-5, "to 0.1"),
    ("sample_rate", 64, "not the number of records"),
    ("sample_rate", 1.0000001, "from 1e-09 to 1"),
    ("sample_rate", 0, "from 1e-09 to 1"),
    ("sample_rate", 5e-324, "from 1e-09 to 1"),
    ("noise_multiplier", 1e6, "from 0.01 to 1000"),
    ("noise_multiplier", -1, "from 0.01 to 1000"),
    ("max_grad_norm", 0, "from 1e-09 to 1e+09"),
    ("steps", 0, "1 to 1,000,000,000"),
    ("steps", 10.0, "1 to 1,000,000,000"),
    ("steps", 10**12, "1 to 1,000,000,000"),
    ("epsilon", 0, "from 1e-09 to 1e+09"),
    ("threshold", 10**34 + 1, "too many digits"),
    ("threshold", "0.5", "not a number"),
    ("count", -3, "1 to 1,000,000,000"),
    ("pixel_range", [255, 0], "a larger one of white"),
    ("pixel_range", [10**20, 10**20 + 1], "a larger one of white"),
    ("pixel_range", [0, 5e-324], "a larger one of white"),
    ("pixel_range", [0, 1e31], "from -1e+30 to 1e+30"),
    ("pixel_range", [0, 255, 1], "two numbers"),
    ("pixel_range", [0, 10**29 + 1], "too many digits"),
    ("bounds", {"loss": [1, 1]}, "the lower first"),
    ("bounds", {"loss": [10**20, 10**20 + 1]}, "the lower first"),
    ("bounds", {"loss": [0, 1e31]}, "from -1e+30 to 1e+30"),
    ("bounds", {"loss": [0, 10**29 + 1]}, "too many digits"),
]


@pytest.mark.parametrize(("key", "value", "why"), IMPOSSIBLE)
def test_what_cannot_be_is_refused_by_name_with_the_range(
    tmp_path: Path, key: str, value: object, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hugging_face_folder(tmp_path / "model")
    write_json(folder / "dataselect.json", {key: value})
    assert main(["inspect", str(folder), "--json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert "dataselect.json" in error["what"]
    assert f"“{key}”" in error["why"]
    assert why in error["why"]


@pytest.mark.parametrize("key", RANGES)
def test_the_ends_of_a_range_are_in_it(key: str) -> None:
    least, most = RANGES[key]
    for value in (least, most):
        assert request_of({key: value}).stated == {key: value}
    is_whole = key in {"steps", "count"}
    below = 0 if is_whole else least * (1.001 if least < 0 else 0.999)
    above = most + 1 if is_whole else most * 1.001
    for value in (below, above):
        with pytest.raises(UnusableError, match=key):
            request_of({key: value})


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**39), 10**39),
    *(st.sampled_from([low, high]) for low, high in RANGES.values()),
    st.integers(-15, 15).map(lambda power: 10.0**power),
    st.floats(0, 1),
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(RANGES, st.one_of(NUMBERS, st.integers(1, 10**6))),
        "score": st.sampled_from(["loss", "el2n", "clipped_norm", "beauty"]),
        "pixel_range": st.tuples(NUMBERS, NUMBERS).map(list),
        "bounds": st.dictionaries(
            st.sampled_from(["loss", "vog"]), st.tuples(NUMBERS, NUMBERS).map(list), max_size=2
        ),
    },
)


@settings(max_examples=400, deadline=None)
@given(REQUESTS)
def test_a_request_is_refused_or_everything_that_reads_it_can(content: dict[str, Any]) -> None:
    request, why = None, ""
    try:
        request = request_of(content)
    except UnusableError as error:
        why = str(error)
    if request is None:
        assert any(f"“{key}”" in why for key in content)
    else:
        assert request.stated == content
        everything_reads(request)


def everything_reads(request: Request) -> None:
    rule = requested_rule(request, ["loss", "el2n", "clipped_norm"], 100)
    if isinstance(rule, ScoreCut) and request.threshold is not None:
        assert rule.value == Decimal(str(request.threshold))
    for score in ("loss", "vog", "el2n", "clipped_norm"):
        bounds = public_bounds(score, request, "single_label")
        assert bounds is None or float(bounds.low) < float(bounds.high)
    if request.pixel_range is not None:
        grey = Image.fromarray(np.array([[0, 1, 300, 65535]], dtype=np.uint16))
        assert with_8_bits(grey, (float(request.pixel_range[0]), float(request.pixel_range[1])))
    if request.max_grad_norm is not None:
        assert float(stated_norm(str(request.max_grad_norm), "max_grad_norm")) > 0


def powers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(np.log(low), np.log(high)).map(lambda x: float(np.clip(np.exp(x), low, high)))


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            **{key: powers(*RANGES[key]) for key in TRAINING if key != "steps"},
            "steps": st.one_of(st.integers(1, 10**9), st.integers(1, 10**4)),
        }
    )
)
def test_a_training_that_is_taken_has_a_privacy_loss(training: dict[str, Any]) -> None:
    """Finite, and no smaller where the gradient is larger."""
    request = request_of(training)
    assert request.stated == training
    norms = np.array([0, 1e-9, 1e-3, 0.5, 1, 10])[:, None] * training["max_grad_norm"]
    losses = PrivacyLoss(training)(norms)
    assert np.isfinite(losses).all()
    assert losses[0] == 0
    assert (np.diff(losses) >= -1e-9 * losses[1:]).all()


def test_every_number_has_a_range() -> None:
    named = "score rule direction contact deadline bounds class_statistics task pixel_range"
    others = [*named.split(), "calibration", "reference"]
    assert RANGES.keys() == KNOWN - set(others)


def test_a_request_of_a_round_number_keeps_how_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "dataselect.json").write_text('{"sample_rate": 1, "delta": 1e-5, "steps": 100}')
    assert read_request(tmp_path).stated == {"sample_rate": 1, "delta": 1e-5, "steps": 100}
