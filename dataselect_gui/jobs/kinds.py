"""The kinds of jobs, and what people are told of each: the one place of these texts."""

from dataclasses import dataclass
from enum import Enum


class JobKind(Enum):
    """What a job does. The values are identifiers, as the fault log has them."""

    SCORING = "scoring"
    SUMMING = "summing"
    PREFLIGHT = "preflight"
    MAPS = "maps"
    STUDY = "study"
    STUDY_PLAN = "study-plan"
    INSPECTION = "inspection"
    VERIFICATION = "verification"
    LABEL_MATCHING = "label-matching"
    RECORD_COMPARISON = "record-comparison"
    RELEASE = "release"
    PREVIEW = "preview"
    DELETION = "deletion"
    STATEMENT = "statement"
    COMPOSITION = "composition"
    LIST_READING = "list-reading"

    @property
    def title(self) -> str:
        """The job as the subject of a sentence, as in “The study stopped”."""
        return _TEXTS[self].title

    @property
    def running(self) -> str:
        """What is being done, without names or counts: “Studying”."""
        return _TEXTS[self].running or _TEXTS[self].title

    @property
    def afterwards(self) -> str:
        """What can be done where the job ended early."""
        return _TEXTS[self].afterwards

    @property
    def keeps(self) -> bool:
        """Whether a job that is stopped keeps what is done, and the next one goes on from there."""
        return self in {JobKind.SCORING, JobKind.STUDY}


@dataclass(frozen=True)
class _Texts:
    title: str
    afterwards: str
    running: str = ""


_NOTHING_CHANGED = "Nothing was changed. Try again."
_TEXTS = {
    JobKind.SCORING: _Texts("Scoring", "Scoring again goes on from there: nothing is computed twice."),
    JobKind.SUMMING: _Texts(
        "Summing the gradients",
        "No gradient was drawn or charged; a threshold that was bought is kept. Release again.",
    ),
    JobKind.PREFLIGHT: _Texts(
        "Trying the checkpoint",
        "Scoring works without it, and keeps what is done where it stops, too.",
    ),
    JobKind.MAPS: _Texts("Making the map", "Ask for it again.", "Making maps"),
    JobKind.STUDY: _Texts(
        "The study",
        "The same command goes on from there: no training is done twice.",
        "Studying",
    ),
    JobKind.STUDY_PLAN: _Texts("The plan of the study", "Nothing was trained. Plan again.", "Planning"),
    JobKind.INSPECTION: _Texts(
        "Looking at what was given",
        "Nothing was changed. Look again, or ask for a whole copy of it.",
    ),
    JobKind.VERIFICATION: _Texts(
        "Checking the bundle", "Nothing was changed. Check it again, or ask for another copy."
    ),
    JobKind.LABEL_MATCHING: _Texts("Matching the labels", _NOTHING_CHANGED),
    JobKind.RECORD_COMPARISON: _Texts("Comparing with what was scored", "The project is as it was."),
    JobKind.RELEASE: _Texts(
        "Writing the bundle", "Release the same again: what was paid for costs nothing more."
    ),
    JobKind.PREVIEW: _Texts("Foreseeing", _NOTHING_CHANGED),
    JobKind.DELETION: _Texts("Deleting the project", "Delete it again."),
    JobKind.STATEMENT: _Texts("Saving the statement", _NOTHING_CHANGED),
    JobKind.COMPOSITION: _Texts("Composing", _NOTHING_CHANGED),
    JobKind.LIST_READING: _Texts("Reading a list", _NOTHING_CHANGED),
}
