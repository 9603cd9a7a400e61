"""By which names, and in how many places, a model's answers are kept."""

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.tasks.answer_form import MOST_PLACES, AnswerForm
from dataselect_gui.tasks.registry import TASKS

SINGLE, BINARY = TASKS["single_label"], TASKS["binary"]
SEVERAL, NUMBER = TASKS["multi_label"], TASKS["regression"]


def test_one_class_is_one_place_by_the_names_of_the_model() -> None:
    reader = LabelReader(
        SINGLE, ("cat", "dog"), ("Katze", "Hund"), LabelRule(classes=(("Katze", "cat"),))
    )
    assert reader.answer_form == AnswerForm(names=["cat", "dog"])
    assert LabelReader(SINGLE, (), outputs=7).answer_form == AnswerForm()


def test_one_number_for_two_classes_names_both() -> None:
    def names(*classes: str) -> list[str]:
        form = LabelReader(BINARY, classes).answer_form
        assert (form.task, form.places) == ("binary", 1)
        return form.names

    assert names("no", "yes") == ["no", "yes"]
    assert names("mass") == ["not mass", "mass"]
    assert names() == ["no", "yes"]


def test_several_classes_have_a_place_each_as_far_as_they_are_kept() -> None:
    assert LabelReader(SEVERAL, ("a", "b", "c")).answer_form == AnswerForm(
        task="multi_label", names=["a", "b", "c"], places=3
    )
    many = tuple(f"class {n}" for n in range(30))
    assert LabelReader(SEVERAL, many).answer_form.places == MOST_PLACES
    unnamed = LabelReader(SEVERAL, (), None, LabelRule(columns=("edema", "mass")))
    assert unnamed.answer_form == AnswerForm(task="multi_label", names=["edema", "mass"], places=2)


def test_numbers_are_named_by_their_columns_or_not_at_all() -> None:
    assert LabelReader(NUMBER, ()).answer_form == AnswerForm(task="regression")
    two = LabelReader(NUMBER, (), None, LabelRule(columns=("width", "height")), outputs=2)
    assert two.answer_form == AnswerForm(task="regression", names=["width", "height"], places=2)
