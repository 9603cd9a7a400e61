"""Where a unit is a person with several records."""

import math
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.errors import UsageError
from tests.release.kinds.asked import KINDS
from tests.releases import (
    document_of,
    is_verified,
    release,
    table,
)

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("max_contributions", [1, 2, 3])
@pytest.mark.parametrize("asked", [KINDS["scores"], KINDS["report"], KINDS["gaussian report"]])
def test_noise_grows_with_the_records_of_a_person(
    people: Path, tmp_path: Path, asked: dict[str, Any], max_contributions: int
) -> None:
    release(people, tmp_path / "people", max_contributions=max_contributions, **asked)
    noise = document_of(tmp_path / "people")["parameters"]["noise"]["value"]["scale_in_steps"]
    assert is_verified(tmp_path / "people")
    assert "each person" in document_of(tmp_path / "people")["promise"]
    if asked.get("mechanism") is None:
        # A record moves its score by all steps, and counts in two cells and in one count.
        assert noise == max_contributions * {"scores": 65536, "report": 3}[asked["kind"]]
    else:
        assert noise / (1000 * max_contributions * math.sqrt(2)) == pytest.approx(4.6, abs=0.3)


@pytest.mark.parametrize("max_contributions", [1, 2])
def test_only_m_records_of_a_person_take_part(
    people: Path, tmp_path: Path, max_contributions: int
) -> None:
    release(people, tmp_path / "b", kind="scores", max_contributions=max_contributions)
    # 13 people with three records and one with a single one.
    assert len(table(tmp_path / "b", "scores.csv")) == 13 * max_contributions + 1


def test_bits_are_told_at_epsilon_over_m(people: Path, tmp_path: Path) -> None:
    release(people, tmp_path / "b", kind="offers", max_contributions=2, epsilon="1")
    kept = document_of(tmp_path / "b")["parameters"]["share_told_truly"]["value"]
    assert kept == pytest.approx(math.exp(0.5) / (1 + math.exp(0.5)))


def test_no_number_of_records_is_too_large_to_be_told(people: Path, tmp_path: Path) -> None:
    for max_contributions in (0, -1, 10**6 + 1, 10**15, 10**200):
        with pytest.raises(UsageError, match="--per-unit cannot be"):
            release(
                people, tmp_path / "b", max_contributions=max_contributions, **KINDS["gaussian report"]
            )
    for asked in (KINDS["scores"], KINDS["report"], KINDS["gaussian report"]):
        done = release(people, tmp_path / "b", max_contributions=10**6, **asked, dry_run=True)
        assert done.preview is not None


def test_a_dry_run_of_people_chooses_nobody(people: Path, tmp_path: Path, home: Path) -> None:
    before = {place: place.read_bytes() for place in home.iterdir()}
    release(people, tmp_path / "b", dry_run=True)
    assert {place: place.read_bytes() for place in home.iterdir()} == before
