"""The results of the tasks of a study, as their files hold them."""

import msgspec

from dataselect_gui.study.train import Privacy


class HeldOutResult(msgspec.Struct, frozen=True, kw_only=True):
    """How well a trained model did on the held-out records.

    Attributes
    ----------
    accuracy, balanced : float
        On how many it was right; the same with classes weighed alike.
    recalls : list of float or None
        The same class by class; None for a class that has no record there.
    """

    accuracy: float
    balanced: float
    recalls: list[float | None]


class StandInResult(HeldOutResult, frozen=True, kw_only=True):
    """What came of a stand-in for the consortium's model.

    Attributes
    ----------
    parameters : int
        How many it has.
    privacy : Privacy or None
        What its training came to; None for one without DP.
    seconds : float
        How long that took.
    """

    parameters: int
    privacy: Privacy | None
    seconds: float


class PickResult(HeldOutResult, frozen=True, kw_only=True):
    """What came of a training on a pick.

    Attributes
    ----------
    leaving, right : int or None
        How many records a release let leave, and how many of these were selected; None without one.
    expected : float or None
        The precision that a release was expected to have, where there is a formula for it.
    cost : float or None
        The mean εᵢ of the records, where they were picked by it.
    records : int
        How many were trained on.
    privacy : Privacy or None
        What the training came to; None for one without DP.
    seconds : float
        How long that took.
    """

    leaving: int | None = None
    right: int | None = None
    expected: float | None = None
    cost: float | None = None
    records: int
    privacy: Privacy | None
    seconds: float

    @property
    def precision(self) -> float:
        """The share of what left that was selected, where there was a release."""
        assert self.leaving is not None
        assert self.right is not None
        return self.right / max(1, self.leaving)


class ScoringTaskResult(msgspec.Struct, frozen=True):
    """How many records of a chunk were scored."""

    records: int


class FlippedLabelsResult(msgspec.Struct, frozen=True):
    """How long each score of 1,000 records with wrong labels takes, in seconds."""

    seconds: dict[str, float]


class LibraryResult(msgspec.Struct, frozen=True):
    """How long another library takes for 1,000 records, in seconds."""

    seconds: float
