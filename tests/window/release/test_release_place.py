import os
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.release.prospect import Prospect
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.budget import BudgetBar
from dataselect_gui.window.widgets.fold import Fold
from tests.projects import consortium, owner_records, scored_project
from tests.releases import select, silent
from tests.test_signing import key_pair


@pytest.fixture
def project(project: Path) -> Path:
    select(project, threshold="0.5")
    return project


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def place(project: Path, state: State, qtbot: QtBot) -> Iterator[ReleasePlace]:
    state.show_place(PlaceId.RELEASE)
    made = ReleasePlace(state)
    made.resize(1360, 784)
    qtbot.addWidget(made)
    made.show()
    state.open(project)
    state.read_account()
    qtbot.waitUntil(lambda: not state.accounts.waiting)
    yield made
    made.close_threads()
    state.jobs.close()
    state.accounts.close()


def click(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[no-untyped-call]


def foresee(qtbot: QtBot, place: ReleasePlace) -> Prospect:
    """Wait until it is known what the release under consideration would come to."""
    qtbot.waitUntil(lambda: not place.is_working)
    return place.prospect


def finish(qtbot: QtBot, place: ReleasePlace) -> None:
    foresee(qtbot, place)
    before = place.parcel.done
    click(qtbot, place.foot.button)
    qtbot.waitUntil(lambda: place.parcel.done is not before and not place.is_working, timeout=15_000)
    qtbot.waitUntil(lambda: "Verified" in shown(place.parcel))


def shown(widget: QWidget) -> str:
    """Return all words that can be seen."""
    labels = [one.text() for one in widget.findChildren(QLabel) if one.isVisible()]
    boxes = [one.text() for one in widget.findChildren(QCheckBox) if one.isVisible()]
    return "\n".join(labels + boxes)


def kinds(project: Path) -> list[str]:
    return [entry.kind for entry in workflow.ledger(project)[0].entries]


def answer_no(qtbot: QtBot, place: ReleasePlace) -> None:
    place.answers.training.no.click()
    place.foot.set_budget.click()
    place.consequence.consent.click()
    foresee(qtbot, place)


def test_the_default_path_takes_four_clicks_to_a_verified_bundle(
    place: ReleasePlace, project: Path, qtbot: QtBot
) -> None:
    """One of them answers about training, which a project remembers; the rest is preset."""
    assert not place.foot.button.isEnabled()
    place.answers.training.no.click()
    click(qtbot, place.foot.set_budget)
    place.consequence.consent.click()
    assert not place.foot.button.isEnabled(), "nobody presses it before knowing what it costs"
    foresee(qtbot, place)
    assert place.foot.button.isEnabled()
    assert place.foot.button.text() == "Release, spend ε 1"
    assert "drawn" not in kinds(project)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.released.bundle == project.with_name("p-bundle")
    assert done.released.epsilon == "1"
    assert all(check.ok for check in done.checks)
    assert "Verified" in shown(place.parcel)
    assert "checksums: All" in shown(place.parcel)
    assert place.foot.bar.text == "ε 1 of 4 spent"
    focused = place.focusWidget()  # Whether or not the window is active.
    assert isinstance(focused, QPushButton)
    assert focused.text() == "Open folder"


def test_the_limit_of_epsilon_that_it_states_is_the_one_that_holds(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    for text, is_amount in (("300.1", False), ("300", True)):
        place.answers.amount.epsilon.setText(text)
        says = place.foot.hint.text() == "Give ε, a number above 0 and at most 300."
        assert says != is_amount
        assert (place.answers.asked().epsilon is not None) == is_amount


def test_the_form_offers_all_that_is_registered(place: ReleasePlace) -> None:
    what = place.answers.what
    assert [what.kinds.itemData(row) for row in range(what.kinds.count())] == list(workflow.KINDS)
    for name, kind in workflow.KINDS.items():
        ask_for(place, name)
        offered = {one for one, button in what.mechanisms.items() if not button.isHidden()}
        assert offered == {one.name for one in workflow.mechanisms_of(kind)}


def test_beyond_the_budget_it_refuses_and_leaves_nothing(
    place: ReleasePlace, project: Path, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    place.answers.amount.epsilon.setText("8")
    foresee(qtbot, place)
    assert place.foot.hint.text() == (
        "This needs ε 8; 4 is left. Nothing was drawn. Lower ε, or raise the budget and give a reason."
    )
    assert place.foot.go.text() == "Raise the budget…"
    with qtbot.waitSignal(place.raise_wanted):
        click(qtbot, place.foot.go)
    click(qtbot, place.foot.button)
    assert not place.foot.button.isEnabled()
    assert not {"reserved", "drawn"} & set(kinds(project))
    assert not project.with_name("p-bundle").exists()


def test_a_place_that_cannot_be_written_is_told_before_the_draw(
    place: ReleasePlace, project: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear", "utf-8")
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_given, **_options: (str(letter / "b"), "")
    )
    click(qtbot, place.answers.change)
    answer_no(qtbot, place)
    foresee(qtbot, place)
    hint = place.foot.hint.text()
    assert hint.startswith("The bundle “b” cannot be written.")
    assert "Nothing was drawn and nothing was spent. Choose another place" in hint
    assert not place.foot.button.isEnabled()
    assert not {"reserved", "drawn"} & set(kinds(project))


def test_a_cut_off_chosen_after_viewing_says_so_and_claims_nothing(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    state.set_rule(workflow.make_rule("loss", threshold="0.4"))
    assert not place.consequence.consent.isChecked()
    place.consequence.consent.click()
    assert (
        "You set this cut-off after seeing scores. ε does not cover what the cut-off reveals. The card "
        "will say: threshold chosen after viewing."
    ) in shown(place)
    assert "changes the odds" not in shown(place), "not even until it is known what follows"
    foresee(qtbot, place)
    assert "changes the odds" not in shown(place)
    assert "Of 100 records in your selection, about 63 leave and 37 stay." in shown(place)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.released.conditional
    assert done.released.epsilon is None


def test_the_agreed_cut_off_is_one_click_away(place: ReleasePlace, state: State, qtbot: QtBot) -> None:
    state.set_rule(workflow.make_rule("loss", fraction="0.25"))
    cut = place.answers.cut_off
    assert not cut.from_agreed.isVisible(), "a share is no value that could be agreed"
    assert cut.from_request.text() == "Use the agreed 0.5"
    click(qtbot, cut.from_request)
    assert cut.from_request.isChecked()
    assert cut.from_request.text() == "The request: 0.5"
    assert state.rule is not None
    assert state.rule.value == Decimal("0.5")
    assert place.request().threshold_from == "request"


def test_unknown_provenance_offers_exact_alone_and_chooses_nothing(place: ReleasePlace) -> None:
    place.answers.training.unknown.click()
    what = place.answers.what
    assert [name for name, one in what.mechanisms.items() if one.isEnabled()] == ["exact"]
    assert what.mechanism is None
    assert "ε cannot be promised here." in shown(place.answers)
    assert not place.foot.button.isEnabled()


def test_exact_needs_its_tick_and_a_reason(place: ReleasePlace, qtbot: QtBot) -> None:
    place.answers.training.unknown.click()
    place.answers.what.mechanisms["exact"].click()
    place.consequence.consent.click()
    assert not place.foot.button.isEnabled()
    assert (
        "No protection. Every selected record leaves. Anyone who knows of a record learns for certain "
        "whether you selected it. Every later promise about this source will say that it does not "
        "cover these records."
    ) in shown(place)
    assert "I choose to release without protection." in shown(place)
    place.consequence.reason.setText("a test")
    assert not place.foot.button.isEnabled()
    place.consequence.choose_exact.click()
    assert place.foot.button.text() == "Release without protection"
    assert not place.foot.button.isDefault()
    finish(qtbot, place)
    assert place.parcel.done is not None
    assert place.parcel.done.released.epsilon is None
    place.answers.training.no.click()
    place.answers.what.mechanisms["one-sided"].click()
    foresee(qtbot, place)
    assert not place.consequence.choose_exact.isChecked()
    assert "left earlier without protection are not covered" in shown(place.consequence)


def test_while_a_bundle_is_written_no_key_does_anything_else(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    foresee(qtbot, place)
    place.foot.button.setFocus()
    click(qtbot, place.foot.button)
    assert place.foot.hint.hasFocus()
    assert place.foot.hint.text() == "Writing the bundle"
    qtbot.waitUntil(lambda: place.parcel.done is not None, timeout=15_000)


def test_repeating_costs_nothing(place: ReleasePlace, project: Path, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    finish(qtbot, place)
    foresee(qtbot, place)
    assert place.foot.button.text() == "Release again, spend ε 0"
    assert "This is an earlier release again" in shown(place.consequence)
    nothing = "This release spends nothing, because it is an earlier release again. Left: 3."
    assert nothing in shown(place.consequence)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.released.repeated
    assert (
        "The same release again costs nothing and gives the same files. Any change makes a new release."
    ) in shown(place.parcel)
    assert kinds(project).count("reserved") == 1
    place.answers.amount.epsilon.setText("2")
    foresee(qtbot, place)
    assert place.parcel.done is None
    assert place.foot.button.text() == "Release, spend ε 1"
    assert place.request().to == project.with_name("p-bundle-2")
    place.answers.amount.epsilon.setText("0.5")
    foresee(qtbot, place)
    assert (
        "This release spends nothing, because an earlier one-sided release of these records had an ε "
        "at least as large, and of those only the largest counts. Left: 3."
    ) in shown(place.consequence)


@pytest.mark.parametrize(
    ("epsilon", "leave", "odds", "least"),
    [("0.5", 39, "1.65", 38), ("1", 63, "2.7", 27), ("2", 86, "7.4", 12), ("4", 98, "55", 2)],
)
def test_every_sentence_is_as_it_was_written(
    place: ReleasePlace, state: State, qtbot: QtBot, epsilon: str, leave: int, odds: str, least: int
) -> None:
    answer_no(qtbot, place)
    place.answers.amount.epsilon.setText(epsilon)
    foresee(qtbot, place)
    chosen = state.selection.chosen
    random = round(100 * chosen.sum() / len(chosen))
    after = Decimal(4) - Decimal(epsilon)
    text = shown(place)
    for sentence in (
        "ε limits what a missing record reveals. Smaller reveals less, and fewer records leave.",
        f"Of 100 records in your selection, about {leave} leave and {100 - leave} stay.",
        "Someone thinks it 50 in 100 likely that a record was selected. Seeing it missing, they think "
        f"no less than {least} in 100.",
        "Records that leave are disclosed. For records that stay: seeing that one is missing changes "
        f"the odds that it was selected by at most {odds} times. With all earlier releases: {odds} "
        "times.",
        f"Everything that leaves is in your selection. About {leave} in 100 of it leave. A random pick "
        f"would be right {random} times in 100.",
        f"This release spends ε {epsilon}. Left now: 4. Left after: {after}. Spent cannot be taken "
        "back, even if you delete the bundle.",
        "The same release again costs nothing and gives the same files. Any change makes a new "
        "release.",
        "The receiver sees these records in full: image, label, anything visible. ε does not protect "
        "them. Copies cannot be called back.",
        "I may disclose these records, and I agree to it.",
        "Pixels leave unchanged. A name or date written into an image leaves too.",
        "Withheld records never leave. Someone who knows of one sees only that it is missing. Withhold "
        "a record for its own sake: if one record makes you withhold another, ε does not cover that.",
        "Did these records help to train this checkpoint?",
    ):
        assert sentence in text


def test_people_and_a_private_training_are_counted(tmp_path: Path, qtbot: QtBot) -> None:
    source = owner_records(tmp_path / "records.npz")
    folder = scored_project(
        tmp_path / "people", source, consortium(tmp_path / "c"), unit_column="patient"
    )
    state = State()
    state.show_place(PlaceId.RELEASE)
    place = ReleasePlace(state)
    qtbot.addWidget(place)
    place.show()
    state.open(folder)
    state.read_account()
    qtbot.waitUntil(lambda: not state.accounts.waiting)
    place.answers.max_contributions.setValue(2)
    assert place.answers.max_contributions.lineEdit().width() > 40, "the number can be read"
    place.answers.training.no.click()
    foresee(qtbot, place)
    assert "This covers each person, with at most 2 records." in shown(place)
    assert (
        "Of 100 records in your selection, at most 2 of each person, about 39 leave and 61 stay."
    ) in shown(place)
    assert "About 39 in 100 of it leave, at most 2 of each person." in shown(place)
    place.answers.training.private.click()
    assert not place.foot.button.isEnabled()
    place.answers.training.epsilon.setText("0,5")
    place.answers.training.delta.setText("1e-5")
    foresee(qtbot, place)
    assert place.request().in_training == "dp:0.5,0.00001"
    assert place.foot.button.text() == "Release, spend ε 1.5"
    assert "4.5 times, plus at most 1 extra chance in 100,000." in shown(place)
    place.close_threads()


def test_before_a_draw_nothing_of_the_records_stands_inside_the_leaving_frame(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    before = [one.text() for one in place.parcel.leave.findChildren(QLabel)]
    state.set_rule(workflow.make_rule("loss", threshold="0"))
    place.answers.amount.epsilon.setText("4")
    foresee(qtbot, place)
    assert [one.text() for one in place.parcel.leave.findChildren(QLabel)] == before


@pytest.mark.parametrize("width", [640, 1000, 1060, 1120, 1360])
@pytest.mark.parametrize("kind", ["records", "report"])
def test_nothing_is_cut_off_at_any_width(
    place: ReleasePlace, qtbot: QtBot, width: int, kind: str
) -> None:
    answer_no(qtbot, place)
    ask_for(place, kind)
    foresee(qtbot, place)
    place.resize(width, 700)
    qtbot.wait(1)
    for part in (place.answers, place.consequence, place.parcel):
        assert part.width() >= part.minimumSizeHint().width()
        left = part.mapTo(place, QPoint()).x()
        assert 0 <= left < left + part.width() <= width


def test_small_windows_stack_the_columns(place: ReleasePlace, qtbot: QtBot) -> None:
    place.resize(640, 324)
    qtbot.waitUntil(lambda: place.consequence.y() > place.answers.y())
    assert place.parcel.y() > place.consequence.y()
    assert place.parcel.width() <= 640
    assert place.foot.button.isVisible()


def release_in_a_small_window(qtbot: QtBot, place: ReleasePlace) -> None:
    place.resize(640, 324)
    answer_no(qtbot, place)
    finish(qtbot, place)
    foresee(qtbot, place)
    qtbot.wait(50)


def test_what_left_is_in_sight_after_a_release_in_a_small_window(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    release_in_a_small_window(qtbot, place)
    top = place.parcel.mapTo(place, place.parcel.rect().topLeft()).y()
    assert 0 <= top < 100


def test_whoever_scrolls_away_after_a_release_is_not_brought_back(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    release_in_a_small_window(qtbot, place)
    (area,) = place.findChildren(QScrollArea)
    area.verticalScrollBar().triggerAction(QSlider.SliderAction.SliderToMinimum)
    place.resize(400, 324)
    qtbot.wait(50)
    assert area.verticalScrollBar().value() == 0


def test_the_budget_bar_says_what_it_shows(qtbot: QtBot) -> None:
    bar = BudgetBar()
    qtbot.addWidget(bar)
    assert bar.text == "no budget yet"
    bar.show_budget(Decimal(4), Decimal(1), Decimal(1))
    assert bar.text == "ε 1 of 4 spent"
    assert bar.accessibleDescription() == ("ε 1 of 4 spent; this release would spend 1 and leave 2")
    assert bar.sizeHint().width() == 220


# Every kind and mechanism


def ask_for(place: ReleasePlace, kind: str, mechanism: str | None = None) -> None:
    what = place.answers.what
    what.kinds.setCurrentIndex(what.kinds.findData(kind))
    if mechanism is not None:
        what.mechanisms[mechanism].click()


@pytest.mark.parametrize(
    ("kind", "mechanism", "sentence"),
    [
        ("records", "randomized-response", "Of 100 records that leave, about {right} are in your"),
        ("records", "noisy-top-k", "Of 100 records that leave, about {right} are in your selection."),
        ("offers", "randomized-response", "Of 100 records on offer, about {right} are in your"),
        ("offers", "noisy-top-k", "Of 100 records on offer, about {right} are in your selection."),
        ("scores", "laplace", "Of 100 records that look best by what leaves, about {right} are in"),
        ("report", "discrete-laplace", "95 times in 100, a count is off by no more than {width}."),
        ("report", "discrete-gaussian", "95 times in 100, a count is off by no more than {width}."),
    ],
)
def test_every_kind_leaves_by_every_mechanism(
    place: ReleasePlace, project: Path, qtbot: QtBot, kind: str, mechanism: str, sentence: str
) -> None:
    answer_no(qtbot, place)
    ask_for(place, kind, mechanism)
    place.answers.parameters.low.setText("0")
    place.answers.parameters.high.setText("1")
    place.answers.parameters.count.setText("12")
    foresight = foresee(qtbot, place)
    asked = replace(foresight.asked, dry_run=True)
    preview = workflow.release(project, asked, silent).preview
    assert preview is not None
    assert foresight.preview == preview, "the window shows what the terminal would"
    expected = next(one for one in preview.usefulness if one["epsilon"] == 1)
    text = shown(place)
    right = round(100 * expected.get("precision", 0))
    width = f"{expected.get('width', 0):.3g}"
    assert sentence.format(right=right, width=width) in text
    assert preview.promise in text
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.kind == kind
    assert done.released.epsilon == "1"
    assert all(check.ok for check in done.checks)
    assert workflow.account(project).left == 3


def test_no_record_leaves_so_no_consent_is_asked_for(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    place.consequence.consent.click()
    ask_for(place, "report")
    foresee(qtbot, place)
    assert place.foot.button.isEnabled()
    assert not place.consequence.consent.isVisible()
    assert "Withheld records take no part." in shown(place)
    ask_for(place, "records")
    foresee(qtbot, place)
    assert not place.foot.button.isEnabled()


def test_the_parcel_shows_field_by_field_what_would_leave(place: ReleasePlace) -> None:
    for kind, leaving in workflow.KINDS.items():
        ask_for(place, kind)
        folds = place.parcel.leave.findChildren(Fold)
        shown_fields = "\n".join(label.text() for fold in folds for label in fold.findChildren(QLabel))
        for file in (*leaving.leaves, *workflow.DOCUMENTS):
            for field, what in file.fields:
                assert f"{field}: {what}." in shown_fields
        assert shown_fields.count("Made-up sample: ") == len(folds)


def test_expected_usefulness_is_shown_over_a_range_of_epsilon(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    place.answers.amount.epsilon.setText("3")
    preview = foresee(qtbot, place).preview
    assert preview is not None
    told = place.consequence.table.accessibleDescription()
    assert told.count("ε ") == len(preview.usefulness) == 8
    for one in preview.usefulness:
        line = f"ε {one['epsilon']:g}, Of 100 that leave, in your selection 100, "
        assert f"{line}Of 100 in your selection, leave {100 * one['recall']:.0f}, " in told


@pytest.mark.parametrize("bounds", [None, {"loss": [0, 1]}])
def test_a_private_cut_off_is_the_usual_one_of_a_fraction_where_it_can_be_bought(
    tmp_path: Path,
    project: Path,
    place: ReleasePlace,
    state: State,
    bounds: dict[str, list[int]] | None,
) -> None:
    if bounds is not None:
        consortium(tmp_path / "consortium", bounds=bounds)
        state.open(project)
    state.set_rule(workflow.make_rule("loss", fraction="0.25"))
    cut = place.answers.cut_off
    assert (cut.bought if bounds else cut.viewed).isChecked()
    assert place.answers.parameters.low.placeholderText() == ("0" if bounds else "lowest")


def test_a_fraction_buys_a_private_cut_off_unless_the_owner_keeps_theirs(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    state.set_rule(workflow.make_rule("loss", fraction="0.25"))
    place.consequence.consent.click()
    cut = place.answers.cut_off
    click(qtbot, cut.bought)
    assert place.request().threshold_from == "bought:0.2"
    foresee(qtbot, place)
    assert place.foot.hint.text().startswith("Public bounds of “loss” are missing.")
    assert "--bounds" not in place.foot.hint.text()
    place.foot.go.click()
    assert place.answers.parameters.low.hasFocus()
    place.answers.parameters.low.setText("0")
    place.answers.parameters.high.setText("1")
    foresee(qtbot, place)
    assert place.foot.button.text() == "Release, spend ε 1.2"
    assert "by at most a factor of 3.32" in shown(place)
    cut.price.setText("")
    assert place.foot.hint.text() == "Give the ε that the cut-off may cost."
    click(qtbot, cut.viewed)
    foresee(qtbot, place)
    assert (
        "This cut-off follows from your records: it lies where the last of them is picked. ε does not "
        "cover what it reveals. The card will say: that of a fraction of the records, chosen after "
        "viewing."
    ) in shown(place)
    assert "You set this cut-off" not in shown(place)
    assert cut.viewed.text() == "Keep the share of records"
    assert place.foot.button.text() == "Release, spend ε 1"
    click(qtbot, cut.bought)
    cut.price.setText("0,5")
    foresee(qtbot, place)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.released.epsilon == "1.5"


def test_buying_for_a_cut_off_makes_it_a_share_first(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    state.set_rule(workflow.make_rule("loss", threshold="0.9", lowest=False))
    chosen, count = int(state.selection.chosen.sum()), len(state.eligible)
    click(qtbot, place.answers.cut_off.bought)
    rule = state.rule
    assert rule is not None
    assert (rule.by, rule.value) == ("fraction", Decimal(round(100 * chosen / count)) / 100)
    assert place.answers.cut_off.bought.isChecked()
    state.undo.undo()
    assert place.answers.cut_off.viewed.isChecked()


def test_a_gradient_needs_a_public_cut_off(place: ReleasePlace, state: State, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    state.set_rule(workflow.make_rule("loss", threshold="0.4"))
    ask_for(place, "gradient")
    place.answers.parameters.clip.setText("1")
    foresee(qtbot, place)
    assert place.foot.hint.text().startswith("A gradient needs a public threshold.")
    click(qtbot, place.answers.cut_off.from_agreed)
    foresee(qtbot, place)
    assert place.foot.button.text() == "Release, spend ε 1"
    assert "an element of the sum is off by no more than" in shown(place)
    assert "extra chance in 1,000,000" in shown(place)
    place.answers.amount.delta.setText("2")
    assert place.foot.hint.text() == "Give δ, a small number above 0."


def test_what_a_new_release_differs_in_is_shown_beside_it(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    foresee(qtbot, place)
    assert place.consequence.nearest.isHidden()
    finish(qtbot, place)
    place.answers.amount.epsilon.setText("2")
    foresee(qtbot, place)
    click(qtbot, place.consequence.nearest.button)
    assert "epsilon: then 1, now 2" in shown(place.consequence.nearest)


def test_a_bundle_is_signed_by_the_key_that_was_chosen(
    place: ReleasePlace, tmp_path: Path, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    advanced = place.answers.advanced
    assert not advanced.choose.isVisible()
    click(qtbot, advanced.button)
    assert advanced.choose.isVisible()
    (tmp_path / "notes.txt").write_text("no key")
    advanced.set_key(tmp_path / "notes.txt")
    foresee(qtbot, place)
    assert place.foot.hint.text().startswith("“notes.txt” cannot be used as a key.")
    private, public = key_pair(tmp_path, "owner")
    advanced.set_key(private)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.checks[0].name == "signature"
    assert all(check.ok for check in workflow.verify(done.released.bundle, None, public).checks)


def test_everything_that_is_asked_can_be_reached_by_keys(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    foresee(qtbot, place)
    reached = set()
    place.answers.training.no.setFocus()
    one = QApplication.focusWidget()
    for _ in range(80):
        reached.add(one)
        qtbot.keyClick(one, Qt.Key.Key_Tab)  # type: ignore[no-untyped-call]
        one = QApplication.focusWidget()
    for wanted in (
        place.answers.what.kinds,
        place.answers.what.mechanisms["one-sided"],
        place.answers.amount.epsilon,
        place.answers.amount.slider,
        place.answers.cut_off.from_request,
        place.answers.change,
        place.answers.advanced.button,
        place.consequence.consent,
        place.consequence.uncovered.button,
        place.foot.button,
    ):
        assert wanted in reached
    for field in place.answers.findChildren(QLineEdit):
        inner = field.objectName() == "qt_spinbox_lineedit"
        assert inner or field.accessibleName(), "a field without a name"
