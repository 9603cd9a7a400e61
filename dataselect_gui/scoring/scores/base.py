"""What a score is: its description, which loads without torch, and its computation, which does not.

A file of this folder holds one score. Torch and what needs it are imported inside of its functions: the
window and the terminal read descriptions alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Self

from dataselect_gui.tasks.names import TaskName
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

    from dataselect_gui.checkpoints.request import Request

WINDOWS = ("early", "middle", "late")


class Quantity(Enum):
    """What the pass of a batch through a checkpoint gives, computed once for all scores."""

    LOGITS = "logits"
    """Shape (batch, classes)."""
    TARGETS = "targets"
    """What the given labels are to the task's loss, see `tasks`."""
    LOSS = "loss"
    """ℓ of each record, shape (batch,), float64."""
    DISTANCE = "distance of the prediction from the label"
    """EL2N of each record, shape (batch,), float64."""
    MARGIN = "label's logit above the largest other one"
    """Shape (batch,), float64."""
    CLASS_DISTANCE = "distance of the features from the class's mean"
    """Mahalanobis distance under the calibration's covariance, shape (batch,), float64; NaN where the
    calibration has no mean of the class."""
    NORM = "gradient norm"
    """‖g‖₂ of each record's gradient over all trainable parameters, shape (batch,), float64."""
    PRODUCT = "product with the direction"
    """⟨g, v⟩ with the consortium's direction v, shape (batch,), float64."""
    CLASS_PRODUCT = "product with the class's direction"
    """⟨g, v_y⟩/‖v_y‖ with the calibration's direction of the label's class, shape (batch,), float64;
    NaN where it has none, or a zero one."""
    INPUT_GRADIENT = "input gradient"
    """Of the label's logit, or the predicted one's where there is no label, in the inputs' shape; of
    texts, at the words' vectors, shape (batch, length · width), NaN at what fills a text up."""
    SUSCEPTIBILITY = "gradient of the norm"
    """∇_x ‖g‖₂, in the same shape."""


_BACKWARD = {
    Quantity.NORM: {"gradient"},
    Quantity.PRODUCT: {"gradient"},
    Quantity.CLASS_PRODUCT: {"gradient"},
    Quantity.INPUT_GRADIENT: {"input gradient"},
    # The second derivative goes back through the backward pass and through the forward pass.
    Quantity.SUSCEPTIBILITY: {"gradient", "back through backward", "back through forward"},
}
"""The passes that follow the forward one."""
Quantities = Mapping[Quantity, "Tensor"]


def passes_of(quantities: Iterable[Quantity]) -> set[str]:
    """Return the passes after the forward one that some quantities take together."""
    return set[str]().union(*(_BACKWARD.get(each, set()) for each in quantities))


@dataclass(frozen=True)
class MapText:
    """What a map says, marked by ``N_``, and translated where it is shown.

    Attributes
    ----------
    meaning : str
        What bright places are, for a person.
    unit : str
        What is measured.
    """

    meaning: str
    unit: str


@dataclass(frozen=True)
class Score(ABC):
    """One score per record, in one of its forms.

    Attributes
    ----------
    name : str
        Its name in commands, files and the window: that of its definition, and what of it differs.
    form : str
        Which of several forms of the definition is meant; empty where there is one.
    window : str
        The third of the series that it reads; empty for all of it.
    is_averaged : bool
        Whether it is averaged over the series instead of read from the final checkpoint.
    base : str
        The definition's name.
    short_name : str
        What it is called in a study's text. This, the meaning and the sentence are marked by ``N_`` and
        translated where they are shown.
    meaning : str
        What it says, in one line, with its source.
    definition : str
        Its formula, in the symbols of this folder's README.
    sentence : str
        What a high value means, without a term of the field.
    known : str
        What is known of picking by it, in a sentence.
    colour : str
        In a study's figures, of the window's palette.
    forms : mapping
        The forms beside the usual one: what a name says → the form.
    usual_form : str
        The form of the name alone.
    needs_label : bool
        Empty for records without a label.
    needs : tuple of str
        The keys of the consortium's request without which it cannot be computed; a key inside of
        another one after a point.
    reads_series : bool
        Its definition is one over the series.
    has_windows : bool
        Whether it can be taken over a third of the series.
    needs_several_checkpoints : bool
        Whether one checkpoint is too few.
    own_bounds : tuple of str or None
        Two decimal numbers that it cannot leave, whatever the record; None where there are none.
    obstacles : mapping
        The tasks for which it is not defined → why; translated where it is shown.
    unbounded : tuple of str
        The tasks for which its own bounds do not hold.
    bounded_by : str
        The key of the request that states its upper bound, above 0; empty where there is none.
    """

    name: str
    form: str = ""
    window: str = ""
    is_averaged: bool = False

    base: ClassVar[str]
    short_name: ClassVar[str]
    meaning: ClassVar[str]
    definition: ClassVar[str]
    sentence: ClassVar[str]
    known: ClassVar[str] = N_("We have not tested whether picking by it helps.")
    colour: ClassVar[str] = "#B87A96"
    forms: ClassVar[Mapping[str, str]] = {}
    usual_form: ClassVar[str] = ""
    needs_label: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()
    reads_series: ClassVar[bool] = False
    has_windows: ClassVar[bool] = False
    needs_several_checkpoints: ClassVar[bool] = False
    own_bounds: ClassVar[tuple[str, str] | None] = None
    obstacles: ClassVar[Mapping[TaskName, str]] = {}
    unbounded: ClassVar[tuple[TaskName, ...]] = ()
    bounded_by: ClassVar[str] = ""

    @classmethod
    def usual(cls) -> Self:
        """Return the score in its usual form."""
        return cls(cls.base, cls.usual_form)

    @property
    @abstractmethod
    def passes(self) -> int:
        """How many passes through a checkpoint it takes, forward and backward; 0 without a model."""

    @property
    def needs_model(self) -> bool:
        """Whether it is computed from the checkpoints."""
        return isinstance(self, ModelScore)

    @property
    def has_map(self) -> bool:
        """Whether the same question can be asked of each element of a record's input."""
        return isinstance(self, MappedScore)

    @property
    def variant(self) -> str:
        """What is stored with the score: the form, the window, the average."""
        parts = (
            self.form,
            f"{self.window} third of the series" if self.window else "",
            "averaged over the series" if self.is_averaged else "",
        )
        return ", ".join(part for part in parts if part)

    def members(self, series: int) -> range:
        """Return which checkpoints of a series of that length it reads, where it reads the series."""
        if not self.window:
            return range(series)
        # As `numpy.array_split` cuts: the first parts take what is left over.
        part, left = divmod(series, len(WINDOWS))
        place = WINDOWS.index(self.window)
        start = place * part + min(place, left)
        return range(start, start + part + (place < left))


class ModelScore(Score):
    """A score that is computed from the checkpoints.

    Attributes
    ----------
    quantities : frozenset of Quantity
        What it is made of.
    reads_reference : bool
        Whether it reads the request's reference state beside the final checkpoint.
    is_signed : bool
        Whether it can be close to 0 by chance: then what counts of an error is the scores' size on the
        whole.
    """

    quantities: ClassVar[frozenset[Quantity]]
    reads_reference: ClassVar[bool] = False
    is_signed: ClassVar[bool] = False

    @property
    def passes(self) -> int:
        """See `Score.passes`; for each checkpoint that it reads."""
        return 1 + len(passes_of(self.quantities))

    @property
    def is_of_gradients(self) -> bool:
        """Whether it takes more than a forward pass."""
        return self.passes > 1

    @property
    def is_over_series(self) -> bool:
        """Whether it reads the series rather than the final checkpoint."""
        return self.reads_series or self.is_averaged

    @abstractmethod
    def part(self, measured: Quantities) -> "Tensor":
        """Return what it keeps of a checkpoint, the same in all of its forms; shape (batch, …)."""

    def value(self, part: "Tensor", request: "Request") -> "Tensor":
        """Return the score at one checkpoint, shape (batch,), from what it keeps of it.

        Parameters
        ----------
        part : Tensor
            What `part` returned.
        request : Request
            The consortium's.
        """
        del request
        return part

    def values(self, parts: Sequence["Tensor"], request: "Request") -> "Tensor":
        """Return the score, shape (batch,), from what it keeps of each checkpoint that it reads.

        That is the average over these, unless the definition is one over the series, or of two states.
        """
        import torch

        return torch.stack([self.value(part, request) for part in parts]).mean(dim=0)


class MappedScore(ModelScore):
    """A score with a map over the elements of a record's input."""

    @property
    @abstractmethod
    def map_text(self) -> MapText:
        """What the map says."""

    @abstractmethod
    def map(self, parts: Sequence["Tensor"]) -> "Tensor":
        """Return the map, shape (batch, …) without the channels, from what `values` takes."""


class KeyedScore(Score):
    """A score that is computed from the record's id and a secret of its source."""

    @property
    def passes(self) -> int:
        """See `Score.passes`."""
        return 0

    @abstractmethod
    def keyed(self, secret: bytes, record: str) -> float:
        """Return the score of a record, by its id."""


def sum_of_elements(values: "Tensor") -> "Tensor":
    """Return the sum over a record's elements, shape (batch,), from values of shape (batch, …).

    What is NaN is no element, see `Quantity`; the sum of none is NaN.
    """
    flat = values.flatten(start_dim=1)
    return flat.nansum(dim=1).masked_fill(flat.isnan().all(dim=1), float("nan"))


def mean_of_elements(values: "Tensor") -> "Tensor":
    """Return the mean over a record's elements, as `sum_of_elements` has them."""
    return values.flatten(start_dim=1).nanmean(dim=1)
