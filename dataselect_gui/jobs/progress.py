"""How far a job is: a phase, counts and an estimate."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated

import msgspec

from dataselect_gui.texts import N_, _

Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
"""A count in a message; as large as every number type of the program can hold."""
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
"""A name or a sentence in a message."""


class Phase(Enum):
    """What a job is doing at a moment. The values are identifiers; `text` is for people."""

    LOADING_MODEL = "loading-model"
    READING_RECORDS = "reading-records"
    TRYING_ON_MADE_UP = "trying-on-made-up"
    TRYING_ON_RECORDS = "trying-on-records"
    SCORING = "scoring"
    SUMMING = "summing"
    TAKING_FEATURES = "taking-features"
    MAKING_MAPS = "making-maps"
    TIMING = "timing"
    TRAINING = "training"
    SCORING_BY_CHECKPOINT = "scoring-by-checkpoint"
    SCORING_FLIPPED_LABELS = "scoring-flipped-labels"
    OTHER_LIBRARIES = "other-libraries"
    WRITING_PAGE = "writing-page"
    CHECKING_WHAT_LEAVES = "checking-what-leaves"
    WRITING_BUNDLE = "writing-bundle"

    @property
    def text(self) -> str:
        """The phase for a person, as “Reading records”."""
        return _(_TEXTS[self])


_TEXTS = {
    Phase.LOADING_MODEL: N_("Loading the model"),
    Phase.READING_RECORDS: N_("Reading records"),
    Phase.TRYING_ON_MADE_UP: N_("Trying the checkpoint on made-up records"),
    Phase.TRYING_ON_RECORDS: N_("Trying the checkpoint on some of your records"),
    Phase.SCORING: N_("Scoring"),
    Phase.SUMMING: N_("Summing gradients"),
    Phase.TAKING_FEATURES: N_("Taking features"),
    Phase.MAKING_MAPS: N_("Making maps"),
    Phase.TIMING: N_("Timing a few steps"),
    Phase.TRAINING: N_("Training"),
    Phase.SCORING_BY_CHECKPOINT: N_("Scoring by the checkpoint"),
    Phase.SCORING_FLIPPED_LABELS: N_("Scoring flipped labels"),
    Phase.OTHER_LIBRARIES: N_("Other libraries"),
    Phase.WRITING_PAGE: N_("Writing the page"),
    Phase.CHECKING_WHAT_LEAVES: N_("Checking what may leave"),
    Phase.WRITING_BUNDLE: N_("Writing the bundle"),
}


class Progress(msgspec.Struct, frozen=True, tag="progress", forbid_unknown_fields=True):
    """How far the work is.

    Attributes
    ----------
    phase : Phase
        What is being done.
    done, total : int
        Records, or trainings of a study.
    seconds_left : float or None
        The estimate, once there is one.
    """

    phase: Phase
    done: Count = 0
    total: Count = 1
    seconds_left: Seconds | None = None

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        return min(1.0, self.done / max(1, self.total))

    @property
    def time_left(self) -> str:
        """The estimate for a person, as “12 s left”; empty while there is none."""
        if self.seconds_left is None:
            return ""
        return _("{duration} left", duration=duration(self.seconds_left))

    @property
    def sentence(self) -> str:
        """How far the work is, for a person."""
        phase, done, total, left = self.phase.text, self.done, self.total, self.time_left
        if total <= 1:
            return _("{phase}, about {left}.", phase=phase, left=left) if left else f"{phase}."
        if not left:
            return _("{phase} {done:,} of {total:,}.", phase=phase, done=done, total=total)
        return _(
            "{phase} {done:,} of {total:,}, about {left}.",
            phase=phase,
            done=done,
            total=total,
            left=left,
        )


Report = Callable[[Progress], None]
"""What takes progress as it comes."""


def duration(seconds: float) -> str:
    """Return an estimated time for a person, as “12 s”."""
    if seconds < 90:
        return _("{seconds:.0f} s", seconds=seconds)
    if seconds < 5400:
        return _("{minutes:.0f} min", minutes=seconds / 60)
    return _("{hours:.1f} h", hours=seconds / 3600)
