"""Which scores can be computed with a checkpoint, to choose from before they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UsageError
from dataselect_gui.scoring.catalog import applicable, spoken_name
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.texts import N_, _
from dataselect_gui.worker.results import CheckpointInspected
from dataselect_gui.workflow.calibrated_rules import calibrated_rule

NOT_BY_INPUT = N_("The model takes places of categories, by which there is no derivative.")


@dataclass(frozen=True)
class ScoreChoice:
    """A score that may be computed.

    Attributes
    ----------
    name, label : str
        Its name, and as people say it.
    sentence : str
        What a high value means.
    obstacle : str
        Why it cannot be computed; empty where it can.
    is_asked : bool
        Whether the consortium's request selects by it.
    leaves_out : bool
        Whether the calibration's rule reads it, by which a record looks wrong.
    """

    name: str
    label: str
    sentence: str
    obstacle: str = ""
    is_asked: bool = False
    leaves_out: bool = False


def choices_with(inspected: CheckpointInspected, *, labelled: bool) -> list[ScoreChoice]:
    """Return the scores to choose from with a checkpoint that was inspected.

    Parameters
    ----------
    inspected : CheckpointInspected
        The checkpoint.
    labelled : bool
        Whether any record has a label.
    """
    facts, count = inspected.preflight, len(inspected.series)
    choices = _choices(inspected.asks, facts.task, count, labelled=labelled)
    return [_unless(choice, choice.name in facts.scores) for choice in choices]


def choices_of(checkpoint: Checkpoint, *, labelled: bool) -> list[ScoreChoice]:
    """Return the scores to choose from with a checkpoint.

    Parameters
    ----------
    checkpoint : Checkpoint
        The consortium's.
    labelled : bool
        Whether any record has a label.
    """
    count, task, request = len(checkpoint.series), checkpoint.task.name, checkpoint.request
    choices = _choices(request, task, count, labelled=labelled)
    possible = applicable(
        None, series=count, labelled=labelled, request=request, task=task, indexed=checkpoint.indexed
    )
    names = {score.name for score in possible}
    return [_unless(choice, choice.name in names) for choice in choices]


def _unless(choice: ScoreChoice, is_possible: bool) -> ScoreChoice:
    """Return a choice; where it is not possible for no reason known yet, it is by the inputs."""
    if is_possible or choice.obstacle:
        return choice
    return ScoreChoice(choice.name, choice.label, choice.sentence, _(NOT_BY_INPUT))


def _choices(request: Request, task: TaskName, series: int, *, labelled: bool) -> list[ScoreChoice]:
    rule, wrong = request.asked_rule, calibrated_rule(request)
    asked: set[str] = {*(rule.scores if rule is not None else ()), *filter(None, [request.score])}
    by_calibration: Sequence[str] = () if wrong is None else sorted(wrong.scores)
    choices = []
    for name, score in SCORES.items():
        obstacle = ""
        try:
            applicable([name], series=series, labelled=labelled, request=request, task=task)
        except UsageError as error:
            obstacle = error.why
        choices.append(
            ScoreChoice(
                name,
                spoken_name(name),
                _(score.sentence),
                obstacle,
                is_asked=name in asked,
                leaves_out=name in by_calibration,
            )
        )
    return choices
