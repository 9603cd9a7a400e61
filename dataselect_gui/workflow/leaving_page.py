"""What would leave, as a page for those who have to agree before anything is drawn.

It is made of a preview. Whatever depends on what the records hold stands in the part for the owner
alone; no path, no account of this machine and no name of a record is on it.
"""

from pathlib import Path

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import file_refused
from dataselect_gui.pages import render
from dataselect_gui.permissions import replacing
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.project.project import Project
from dataselect_gui.records.kinds import kind_named
from dataselect_gui.release.registry import KINDS, MECHANISMS, mechanisms_of
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import DISCLOSED, SAME, WITHHELD, WITHHELD_HERE, as_sentence
from dataselect_gui.workflow.leaving_sentences import (
    class_rows,
    distortion_sentences,
    leaving_sentence,
    selection_sentence,
)
from dataselect_gui.workflow.release_preview import Preview
from dataselect_gui.workflow.release_request import ReleaseRequest
from dataselect_gui.workflow.releasing import Released
from dataselect_gui.workflow.rule_words import rule_sentence
from dataselect_gui.workflow.selecting import checkpoint_path, rule_of

_MOST_CLASSES = 100
_TRAINING = {
    "no": N_("No."),
    "dp": N_("Yes, under differential privacy (ε, δ: {amounts})."),
    "yes": N_("Yes, without differential privacy. So no ε can be promised."),
    "unknown": N_("Yes, or it is not known. So no ε can be promised."),
    "": N_("Not answered."),
}
"""Answer → what it says of the training."""


def write_leaving_page(
    project_path: Path, request: ReleaseRequest, foreseen: Released, to: Path
) -> None:
    """Write what a release would come to as one page: HTML that loads nothing.

    Parameters
    ----------
    project_path : Path
        The project.
    request : ReleaseRequest
        What was asked for.
    foreseen : Released
        What came of it, with its preview.
    to : Path
        Where the page goes.

    Raises
    ------
    UnusableError
        Where the project or its checkpoint cannot be read, or the page cannot be written.
    """
    project, preview = Project.open(project_path), foreseen.preview
    assert preview is not None
    kind, expected, rule = KINDS[request.kind], preview.expected, rule_of(project)
    mechanism = mechanisms_of(kind)[0] if request.mechanism is None else MECHANISMS[request.mechanism]
    consortium = find_checkpoint(checkpoint_path(project)).request
    form = kind_named(project.settings.source.kind).form_at(project.settings.source.ref)
    stated = request.in_training or project.settings.in_training or ""
    answer, _colon, amounts = stated.partition(":")
    facts = [
        (_("What leaves"), f"{_(kind.title)}. {_(kind.explanation)}"),
        (_("How"), _(mechanism.title)),
        ("ε", foreseen.epsilon or _("none is claimed")),
        (_("Receiver"), consortium.contact or _("not named in the request")),
        (_("Checkpoint, SHA-256"), project.settings.checkpoint.digest),
        (
            _("Did these records help to train it?"),
            _(_TRAINING[answer], amounts=amounts.replace(",", ", ")),
        ),
    ]
    disclosed = [] if not kind.discloses else [DISCLOSED, *([] if form is None else [form.warning])]
    warnings = [*disclosed, WITHHELD if kind.discloses else WITHHELD_HERE]
    counted = []
    if expected is not None:
        counted = [leaving_sentence(expected), selection_sentence(expected)]
        counted += distortion_sentences(expected)
    page = render(
        "leaving.html",
        facts=facts,
        leaves=preview.leaves,
        mechanism=preview.mechanism,
        promise=preview.promise,
        not_protected=[*map(_, warnings), *map(as_sentence, preview.not_protected)],
        spending=_spending(preview),
        project=_("Project: {name}", name="Demo" if project.settings.demo else project_path.stem),
        counted=counted,
        classes=[] if expected is None else class_rows(expected, _MOST_CLASSES),
        rule="" if rule is None else _("Your rule: {rule}", rule=rule_sentence(rule, consortium)),
    )
    try:
        with replacing(to) as file:
            file.write(page.encode())
    except OSError as error:
        raise file_refused(to.name, error) from None


def _spending(preview: Preview) -> str:
    """Say what it would spend of the budget."""
    if preview.same:
        return _(SAME)
    cost = exact(preview.cost)
    if preview.left_after is None:
        return _("ε {cost}. No budget is set yet.", cost=cost)
    if preview.left_after < 0:
        return _("ε {cost}, which is more than the budget has left: it would be refused.", cost=cost)
    return _(
        "ε {cost}. Of the budget, ε {left} would be left.",
        cost=cost,
        left=exact(preview.left_after),
    )
