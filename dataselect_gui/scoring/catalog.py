"""Which scores there are and what each needs. No torch here: the window and the terminal read it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dataselect_gui.errors import UsageError
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.scoring.scores.base import WINDOWS, MappedScore, ModelScore, Quantity, Score
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.texts import N_, _, ngettext

if TYPE_CHECKING:
    from dataselect_gui.checkpoints.request import Request

_OPTIONS = {
    "early": N_("early"),
    "middle": N_("middle"),
    "late": N_("late"),
    "series": N_("averaged"),
    "var": N_("variance"),
    "mean": N_("mean"),
    "l1": "L1",
}
"""What people call what a name says beside the base."""


def find_score(name: str) -> Score:
    """Return a score by its name, such as ``vog``, ``vog-var-late``, ``plis-l1``, ``loss-series``.

    Raises
    ------
    UsageError
        Where there is none of that name.
    """
    base, *options = name.split("-")
    score = SCORES.get(base)
    for option in options:
        score = None if score is None else _with_option(score, option)
    if score is None:
        forms = [
            f"{usual.base}-{option}"
            for usual in SCORES.values()
            for option in (*usual.forms, *(WINDOWS if usual.has_windows else ()))
        ]
        raise UsageError(
            _("There is no score “{name}”.", name=name),
            _(
                "The scores are {scores}; with forms {forms}, and NAME-series for an average over the "
                "series.",
                scores=", ".join(SCORES),
                forms=", ".join(forms),
            ),
            _("Name one or more of these, separated by commas."),
        )
    return replace(score, name=name)


def spoken_name(name: str) -> str:
    """Return a score's name as people say it, such as “VoG (late)” for ``vog-late``.

    Commands, filters and files have the name itself; so does a score that is not known here.
    """
    base, *options = name.split("-")
    if base not in SCORES:
        return name
    spoken = _(SCORES[base].short_name)
    said = ", ".join(_(_OPTIONS.get(option, option)) for option in options if option)
    return f"{spoken} ({said})" if said else spoken


def find_model_score(name: str) -> ModelScore:
    """Return a score that is computed from the checkpoints by its name.

    Raises
    ------
    UsageError
        Where there is none of that name.
    ValueError
        Where it is computed otherwise.
    """
    score = find_score(name)
    if not isinstance(score, ModelScore):
        raise ValueError(f"{name} is not computed from a checkpoint")
    return score


def find_mapped_score(name: str) -> MappedScore:
    """Return a score with a map by its name.

    Raises
    ------
    UsageError
        Where there is none of that name.
    ValueError
        Where it has no map.
    """
    score = find_score(name)
    if not isinstance(score, MappedScore):
        raise ValueError(f"{name} has no map")
    return score


def _with_option(score: Score, option: str) -> Score | None:
    """Return a score with one more option of its name; None where there is no such option."""
    if option in score.forms and score.form == score.usual_form:
        return replace(score, form=score.forms[option])
    if option in WINDOWS and score.has_windows and not score.window:
        return replace(score, window=option)
    is_single = isinstance(score, ModelScore) and not (score.reads_series or score.reads_reference)
    if option == "series" and is_single and not score.is_averaged:
        return replace(score, is_averaged=True)
    return None


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of scores in the order of the catalog, forms after their usual form."""
    places = {base: place for place, base in enumerate(SCORES)}
    # Those that are not known here, by a newer version of the program, go last.
    return sorted(names, key=lambda name: (places.get(name.split("-")[0], len(places)), name))


def applicable(
    names: Iterable[str] | None,
    *,
    series: int,
    labelled: bool,
    request: "Request",
    task: TaskName = "single_label",
    indexed: Sequence[str] = (),
) -> list[Score]:
    """Return the scores to compute.

    Parameters
    ----------
    names : iterable of str or None
        What was asked for; None for all that apply.
    series : int
        How many checkpoints the series has.
    labelled : bool
        Whether any record has a label.
    request : Request
        The consortium's.
    task : str
        What the model predicts.
    indexed : sequence of str
        The columns whose categories the model takes as their places.

    Raises
    ------
    UsageError
        Where a name is unknown, or a score that was asked for cannot be computed.
    """

    def obstacle_of(score: Score) -> Sequence[str] | None:
        return _indexed_obstacle(score, indexed) or _obstacle(
            score, series=series, labelled=labelled, request=request, task=task
        )

    if names is None:
        return [score for score in SCORES.values() if obstacle_of(score) is None]
    chosen = []
    for name in dict.fromkeys(names):
        score = find_score(name)
        obstacle = obstacle_of(score)
        if obstacle is not None:
            raise UsageError(_("“{name}” cannot be computed.", name=name), *obstacle)
        chosen.append(score)
    return chosen


def _indexed_obstacle(score: Score, indexed: Sequence[str]) -> Sequence[str] | None:
    """Return why a score cannot be computed where the input holds places of categories; else None."""
    by_input = {Quantity.INPUT_GRADIENT, Quantity.SUSCEPTIBILITY}
    if not indexed or not isinstance(score, ModelScore) or by_input.isdisjoint(score.quantities):
        return None
    return (
        _(
            "This score changes a record a little and looks what happens. The model takes "
            "{columns} as places in a list of categories, and a place in a list cannot be "
            "changed a little.",
            columns=", ".join(f"“{column}”" for column in indexed[:12]),
        ),
        _(
            "Ask the consortium for a model that takes each category as a number of its own "
            "(“one-hot”), or leave this score out."
        ),
    )


def _obstacle(
    score: Score, *, series: int, labelled: bool, request: "Request", task: TaskName
) -> Sequence[str] | None:
    """Return why a score cannot be computed, and what to do; None where it can."""
    if task in score.obstacles:
        return _(score.obstacles[task]), _("Leave this score out.")
    if score.needs_several_checkpoints and len(score.members(series)) < 2:
        return (
            _too_few_checkpoints(len(score.members(series)), score.window),
            _("Ask the consortium for the series, or leave this score out."),
        )
    if score.needs_label and not labelled:
        return (
            _("It needs labels, and no record has one."),
            _("Name the label column, or leave this score out."),
        )
    missing = [key for key in score.needs if not request.states(key)]
    if missing:
        return (
            _("The consortium's request does not state {keys}.", keys=", ".join(missing)),
            _("Ask the consortium for a dataselect.json that does, or leave this score out."),
        )
    return None


def _too_few_checkpoints(count: int, window: str) -> str:
    """Return why a score cannot be computed from so many checkpoints of the third that it reads."""
    match window:
        case "":
            return ngettext(
                "It needs at least two checkpoints of one training run; there is {count}.",
                "It needs at least two checkpoints of one training run; there are {count}.",
                count,
            )
        case "early":
            return ngettext(
                "It needs at least two checkpoints of one training run in the early third of the "
                "series; there is {count}.",
                "It needs at least two checkpoints of one training run in the early third of the "
                "series; there are {count}.",
                count,
            )
        case "middle":
            return ngettext(
                "It needs at least two checkpoints of one training run in the middle third of the "
                "series; there is {count}.",
                "It needs at least two checkpoints of one training run in the middle third of the "
                "series; there are {count}.",
                count,
            )
        case "late":
            return ngettext(
                "It needs at least two checkpoints of one training run in the late third of the "
                "series; there is {count}.",
                "It needs at least two checkpoints of one training run in the late third of the "
                "series; there are {count}.",
                count,
            )
        case _:
            raise ValueError(f"the series has no third called {window}")
