"""Images that may leave are cleaned before anything is charged for them."""

import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.records import images as stored_images
from dataselect_gui.records.decoding_process import DecodingProcess
from dataselect_gui.records.image_formats.bare import BareImage
from dataselect_gui.records.kinds import images
from dataselect_gui.records.kinds.images import IMAGES
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
    reserve = Session.reserve

    def counted(*arguments: object, **named: object) -> object:
        made.append(arguments)
        return reserve(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "reserve", counted)
    return made


def fail_from(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Have cleaning fail from a request on."""
    clean, check, asked = DecodingProcess.clean, DecodingProcess.check_leaving, []

    def cleaned(process: DecodingProcess, kind: RecordKind, stored: bytes) -> tuple[str, bytes]:
        asked.append(1)
        if len(asked) >= number:
            raise UnreadableRecordError(REASON)
        return clean(process, kind, stored)

    def checked(process: DecodingProcess, kind: RecordKind, stored: bytes) -> str | None:
        asked.append(1)
        return REASON if len(asked) >= number else check(process, kind, stored)

    monkeypatch.setattr(DecodingProcess, "clean", cleaned)
    monkeypatch.setattr(DecodingProcess, "check_leaving", checked)


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
    charge = Session.charge_training

    def charged(*arguments: object) -> object:
        trainings.append(arguments)
        return charge(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "charge_training", charged)
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


# How often


def decodings(monkeypatch: pytest.MonkeyPatch) -> Counter[bytes]:
    """Count how often each record is decoded, by what is asked of a decoding process."""
    made: Counter[bytes] = Counter()
    for name in ("check", "check_leaving", "clean"):
        asked = getattr(DecodingProcess, name)

        def counted(
            process: DecodingProcess,
            kind: RecordKind,
            stored: bytes,
            asked: Callable[[DecodingProcess, RecordKind, bytes], object] = asked,
        ) -> object:
            made[stored] += 1
            return asked(process, kind, stored)

        monkeypatch.setattr(DecodingProcess, name, counted)
    return made


@pytest.mark.parametrize(
    "asked", [{"mechanism": "randomized-response", "epsilon": "9"}, {"mechanism": "one-sided"}], ids=str
)
def test_a_record_is_decoded_once_before_the_charge_and_once_as_it_leaves(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, object],
) -> None:
    """By randomised response it was three times: twice before the charge, to read and to clean it."""
    made = decodings(monkeypatch)
    release(project, tmp_path / "b", threshold_from="agreed", budget="30", **asked)
    left = len(list((tmp_path / "b" / "data/train").glob("*.png")))
    assert left
    assert set(made.values()) <= {1, 2}
    assert sum(made.values()) == 12 + left


def test_one_decoding_serves_both_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, decoded = io.BytesIO(), []
    Image.new("RGB", (4, 3)).save(stored, "PNG")
    unpack = stored_images.unpack

    def counted(bare: BareImage) -> Image.Image:
        decoded.append(bare)
        return unpack(bare)

    for module in (images, stored_images):
        monkeypatch.setattr(module, "unpack", counted)
    IMAGES.check_leaving(stored.getvalue())
    assert len(decoded) == 1
    IMAGES.check(stored.getvalue())
    IMAGES.clean(stored.getvalue())
    assert len(decoded) == 3


def test_what_cannot_be_read_is_left_out_and_what_cannot_be_cleaned_is_told_apart() -> None:
    """A range that is unknown is no reason against cleaning, and against scoring."""
    stored = io.BytesIO()
    Image.new("F", (4, 3), 7.0).save(stored, "TIFF")
    with DecodingProcess() as process:
        assert process.clean(IMAGES, stored.getvalue())[0] == "tif"
        with pytest.raises(UnreadableRecordError, match="black"):
            process.check_leaving(IMAGES, stored.getvalue())
