"""Images that may leave are cleaned before anything is charged for them."""

from pathlib import Path

import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.records.decoding_process import DecodingProcess
from dataselect_gui.records.kinds.kind import RecordKind
from dataselect_gui.records.source import UnreadableRecordError
from tests.helpers import image_folder
from tests.projects import consortium, scored_project
from tests.releases import is_verified, release, select

REASON = "It takes too long."


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    images = image_folder(tmp_path / "scans", [f"c{n % 3}/{n}.png" for n in range(12)])
    checkpoint = consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})
    made = scored_project(tmp_path / "p.dataselect", images, checkpoint)
    select(made, threshold="0")
    return made


def reserved(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    made: list[object] = []
    reserve = Ledger.reserve

    def counted(*arguments: object, **named: object) -> object:
        made.append(arguments)
        return reserve(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "reserve", counted)
    return made


def fail_from(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Have cleaning fail from a request on."""
    clean, asked = DecodingProcess.clean, []

    def failing(process: DecodingProcess, kind: RecordKind, stored: bytes) -> tuple[str, bytes]:
        asked.append(1)
        if len(asked) >= number:
            raise UnreadableRecordError(REASON)
        return clean(process, kind, stored)

    monkeypatch.setattr(DecodingProcess, "clean", failing)


@pytest.mark.parametrize("mechanism", ["one-sided", "randomized-response", "exact"])
def test_what_cannot_be_cleaned_costs_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mechanism: str
) -> None:
    entries = reserved(monkeypatch)
    fail_from(monkeypatch, 1)
    asked: dict[str, object] = {"mechanism": mechanism, "budget": "30"}
    if mechanism == "exact":
        asked |= {"epsilon": None, "budget": None, "acknowledge_exact": True, "reason": "agreed"}
    with pytest.raises(UnusableError) as caught:
        release(project, tmp_path / "b", **asked)
    assert REASON in caught.value.why
    assert "Nothing was charged" in caught.value.why
    assert not entries


def test_neither_threshold_nor_training_is_charged_where_something_cannot_leave(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(project, fraction="0.5")
    asked = {"threshold_from": "bought:1", "in_training": "dp:2,1e-5", "budget": "30"}
    entries = reserved(monkeypatch)
    trainings: list[object] = []
    charge = Ledger.charge_training

    def charged(*arguments: object) -> object:
        trainings.append(arguments)
        return charge(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "charge_training", charged)
    with monkeypatch.context() as patch:
        fail_from(patch, 12)  # The last of all: which are chosen is not known yet.
        with pytest.raises(UnusableError, match="cannot be written"):
            release(project, tmp_path / "b", **asked)
    assert not entries
    assert not trainings
    release(project, tmp_path / "b", **asked)
    assert len(entries) == 2
    assert len(trainings) == 1
    assert is_verified(tmp_path / "b")


def test_what_fails_after_all_is_told_as_it_is_and_can_be_finished(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = reserved(monkeypatch)
    asked = {"mechanism": "randomized-response", "epsilon": "0.01", "budget": "30"}
    with monkeypatch.context() as patch:
        fail_from(patch, 13)  # Each of the twelve is cleaned before.
        with pytest.raises(UnusableError) as caught:
            release(project, tmp_path / "b", **asked)
    assert REASON in caught.value.why
    assert "changed" not in caught.value.why
    assert len(entries) == 1
    assert release(project, tmp_path / "b", **asked).repeated
    assert is_verified(tmp_path / "b")
