"""The kinds of jobs, with the texts on each that a person reads."""

from dataclasses import dataclass
from enum import Enum

from dataselect_gui.texts import N_, _


class JobKind(Enum):
    """What a job does. The values are identifiers, as the fault log has them."""

    SCORING = "scoring"
    PARAMETERS = "parameters"
    SUMMING = "summing"
    CALIBRATION = "calibration"
    REQUEST = "request"
    PREFLIGHT = "preflight"
    MAPS = "maps"
    STUDY = "study"
    STUDY_PLAN = "study-plan"
    INSPECTION = "inspection"
    VERIFICATION = "verification"
    LABEL_MATCHING = "label-matching"
    RECORD_COMPARISON = "record-comparison"
    SWITCH = "switch"
    COUNT = "count"
    RELEASE = "release"
    PREVIEW = "preview"
    DELETION = "deletion"
    STATEMENT = "statement"
    PAGE = "page"
    COMPOSITION = "composition"
    LIST_READING = "list-reading"
    ACCOUNT = "account"
    BUDGET = "budget"
    LEDGER_CHECK = "ledger-check"
    SEARCH = "search"
    SORTING = "sorting"
    LOOKING = "looking"
    EXPORT = "export"

    @property
    def title(self) -> str:
        """The job as the subject of a sentence, as in “The study stopped”."""
        return _(_TEXTS[self].title)

    @property
    def running(self) -> str:
        """What is being done, without names or counts: “Studying”."""
        return _(_TEXTS[self].running or _TEXTS[self].title)

    @property
    def afterwards(self) -> str:
        """What can be done where the job ended early."""
        return _(_TEXTS[self].afterwards)


@dataclass(frozen=True)
class _Texts:
    title: str
    afterwards: str
    running: str = ""


_NOTHING_CHANGED = N_("Nothing was changed. Try again.")
_NO_GRADIENT = N_(
    "No gradient was drawn or charged; a threshold that was bought is kept. Release again."
)
_TEXTS = {
    JobKind.SCORING: _Texts(
        N_("Scoring"), N_("Scoring again goes on from there: nothing is computed twice.")
    ),
    JobKind.PARAMETERS: _Texts(N_("Naming the parameters"), _NO_GRADIENT),
    JobKind.SUMMING: _Texts(N_("Summing the gradients"), _NO_GRADIENT),
    JobKind.CALIBRATION: _Texts(
        N_("The calibration"), N_("Nothing was written. Calibrate again."), N_("Calibrating")
    ),
    JobKind.REQUEST: _Texts(
        N_("Writing the request"), N_("Look at what is there now, and write it again.")
    ),
    JobKind.PREFLIGHT: _Texts(
        N_("Trying the checkpoint"),
        N_("Scoring works without it, and keeps what is done where it stops, too."),
    ),
    JobKind.MAPS: _Texts(N_("Making the map"), N_("Ask for it again."), N_("Making maps")),
    JobKind.STUDY: _Texts(
        N_("The study"),
        N_("The same command goes on from there: no training is done twice."),
        N_("Studying"),
    ),
    JobKind.STUDY_PLAN: _Texts(
        N_("The plan of the study"), N_("Nothing was trained. Plan again."), N_("Planning")
    ),
    JobKind.INSPECTION: _Texts(
        N_("Looking at what was given"),
        N_("Nothing was changed. Look again, or ask for a whole copy of it."),
    ),
    JobKind.VERIFICATION: _Texts(
        N_("Checking the bundle"), N_("Nothing was changed. Check it again, or ask for another copy.")
    ),
    JobKind.LABEL_MATCHING: _Texts(N_("Matching the labels"), _NOTHING_CHANGED),
    JobKind.RECORD_COMPARISON: _Texts(
        N_("Comparing with what was scored"), N_("The project is as it was.")
    ),
    JobKind.SWITCH: _Texts(N_("Showing other scores"), _NOTHING_CHANGED),
    JobKind.RELEASE: _Texts(
        N_("Writing the bundle"), N_("Release the same again: what was paid for costs nothing more.")
    ),
    JobKind.COUNT: _Texts(N_("Counting"), N_("Ask again: what was paid for costs nothing more.")),
    JobKind.PREVIEW: _Texts(N_("Foreseeing"), _NOTHING_CHANGED),
    JobKind.DELETION: _Texts(N_("Deleting the project"), N_("Delete it again.")),
    JobKind.STATEMENT: _Texts(N_("Saving the statement"), _NOTHING_CHANGED),
    JobKind.PAGE: _Texts(N_("Saving the page"), _NOTHING_CHANGED),
    JobKind.COMPOSITION: _Texts(N_("Composing"), _NOTHING_CHANGED),
    JobKind.ACCOUNT: _Texts(N_("Reading the ledger"), _NOTHING_CHANGED),
    JobKind.BUDGET: _Texts(N_("Setting the budget"), _NOTHING_CHANGED),
    JobKind.LEDGER_CHECK: _Texts(N_("Asking the ledger"), _NOTHING_CHANGED),
    JobKind.LOOKING: _Texts(N_("Reading the record"), _NOTHING_CHANGED),
    JobKind.EXPORT: _Texts(N_("The export"), N_("Nothing was written. Export again."), N_("Exporting")),
    JobKind.LIST_READING: _Texts(N_("Reading a list"), _NOTHING_CHANGED),
    JobKind.SEARCH: _Texts(N_("Looking for records"), _NOTHING_CHANGED),
    JobKind.SORTING: _Texts(N_("Sorting the records"), _NOTHING_CHANGED),
}
