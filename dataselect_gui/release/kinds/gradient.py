"""The sum of clipped gradients, with noise."""

import json
import math
import struct
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.errors import FaultError, UsageError
from dataselect_gui.privacy.amounts import exact, stated_number
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism, Query
from dataselect_gui.privacy.usefulness import Width
from dataselect_gui.records.forms.form import Leaving, Written, WrittenForm, write_file
from dataselect_gui.release import limits
from dataselect_gui.release.candidates import Candidates, Layout, Summed
from dataselect_gui.release.kinds.kind import (
    Drawn,
    Kind,
    KindAnswer,
    KindForm,
    KindOptions,
    Material,
    as_noise,
)
from dataselect_gui.release.sizes import hold
from dataselect_gui.texts import N_, _, ngettext

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms

CLIP_STEPS = 1 << 24
"""The number of steps that the clipping norm is divided into."""
GRADIENT = "data/gradient.safetensors"
_PER_VALUE, _PER_TENSOR, _PER_AXIS = 8, 96, 24
"""Bytes of a draw for each parameter; of what a file says of each tensor and axis; at most."""


@dataclass(frozen=True)
class Gradient(Kind):
    """One noised sum over the records beyond a threshold.

    Attributes
    ----------
    clip : Decimal
        The norm that each record's gradient is clipped to.
    clip_from : str
        Its origin: ``"request"`` or ``"agreed"``.
    """

    name: ClassVar[str] = "gradient"
    title: ClassVar[str] = N_("Gradient")
    explanation: ClassVar[str] = N_(
        "One sum leaves, changed by chance: what your selection would teach the model in one step. "
        "No record leaves."
    )
    question: ClassVar[str] = N_("What hides each record")
    usefulness: ClassVar[str] = N_(
        "95 times in 100, an element of the sum is off by no more than {width} times the norm that is "
        "clipped to. {against} records are in the sum."
    )
    compared: ClassVar[str] = N_("Records in the sum")
    heading: ClassVar[str] = N_("A clipped sum of gradients, with noise")
    description: ClassVar[str] = (
        "The sum of the clipped gradients of a data owner's records, with noise."
    )
    summary: ClassVar[str] = (
        "one clipped, summed, noised gradient of the records beyond a threshold (`--clip C`)"
    )
    guarantee: ClassVar[str] = "(ε, δ)-DP"
    takes: ClassVar[frozenset[KindAnswer]] = frozenset({"clip", "threshold"})
    file: ClassVar[str] = GRADIENT
    leaves: ClassVar[tuple[Leaving, ...]] = (
        Leaving(
            GRADIENT,
            N_("Sum of gradients with noise"),
            (("every parameter", N_("a noised sum over records, in float32")),),
            "classifier.bias: −0.42, 1.07, …",
        ),
    )

    clip: Decimal
    clip_from: Literal["request", "score", "agreed"]

    @classmethod
    def of_options(cls, options: KindOptions) -> Self:
        """Return a gradient clipped to the owner's norm, or to the request's."""
        if options.clip is not None:
            return cls(stated_norm(options.clip, "--clip"), "agreed")
        if options.requested_norm is not None:
            norm = stated_norm(options.requested_norm, "The request's max_grad_norm")
            return cls(norm, "request")
        raise UsageError(
            _("Enter how much one record can add at most (the clip norm)."),
            _("The request states no max_grad_norm, and the noise depends on it."),
            _("Add --clip C, for example --clip 1."),
        )

    @property
    def form(self) -> KindForm:
        """The written form of its own parameters."""
        return {"clip": exact(self.clip), "clip_from": self.clip_from}

    @classmethod
    def of_form(cls, form: KindForm) -> Self:
        """Return the kind whose parameters were written down."""
        clip, clip_from = form["clip"], form["clip_from"]
        if clip is None or clip_from is None:
            raise ValueError("the norm that gradients are clipped to is missing")
        return cls(Decimal(clip), clip_from)

    def query(self, mechanism: type[Mechanism]) -> Query:
        """Return the sum: a vector of norm C is replaced by another, 2C away at most.

        Only the number of parameters bounds the L1 norm, so noise is calibrated to the L2 norm.
        """
        del mechanism
        return Query("per_clip", CLIP_STEPS, l1=None, squared_l2=(2 * CLIP_STEPS) ** 2)

    def check_size(self, candidates: Candidates, may_leave: NDArray[np.bool_], model: Member) -> None:
        """Refuse a model of more parameters than the ledger can hold."""
        del candidates, may_leave
        values = model.parameters or 0  # Unknown for some models; the sum is checked, too.
        hold(_PER_VALUE * values, limits.MOST_DRAW, _("bytes of a gradient with its noise"))

    def draw(self, material: Material) -> bytes:
        """Add noise to the sum."""
        assert material.summed is not None
        layout, values = material.summed
        steps = as_noise(material.terms.mechanism).add_noise(values)
        return json.dumps(layout).encode() + b"\n" + steps.astype("<i8").tobytes()

    def write(self, folder: Path, drawn: Drawn) -> Written:
        """Write the sum as tensors under the names of the parameters."""
        from safetensors.numpy import save

        layout, steps = read_gradient(drawn.content)
        values = (steps * (float(self.clip) / CLIP_STEPS)).astype(np.float32)
        ends = np.cumsum([math.prod(shape) for _name, shape in layout])
        tensors = {
            name: part.reshape(shape)
            for (name, shape), part in zip(layout, np.split(values, ends[:-1]), strict=True)
        }
        return write_file(folder, GRADIENT, save(tensors))

    def check(self, path: Path, terms: "Terms") -> str:
        """Check the file, and return a sentence on how many numbers it holds."""
        from safetensors import safe_open

        del terms
        with (path / GRADIENT).open("rb") as stored:
            (length,) = struct.unpack("<Q", stored.read(8))
            if length > limits.MOST_HEADER:
                raise FaultError(_("The gradient's file names more than a model has."))
            header = stored.read(length)
        compact = json.dumps(json.loads(header), separators=(",", ":"), ensure_ascii=False).encode()
        # Padded to a multiple of eight. Repeated keys or blanks would not survive this comparison.
        if header != compact.ljust(-len(compact) % 8 + len(compact)):
            raise FaultError(_("The gradient's file is not written as such a file is."))
        with safe_open(path / GRADIENT, framework="numpy") as file:
            if file.metadata() is not None:
                raise FaultError(_("The gradient's file holds metadata."))
            tensors = [file.get_slice(name) for name in file.keys()]  # noqa: SIM118  (no mapping)
            if any(tensor.get_dtype() != "F32" for tensor in tensors):
                raise FaultError(_("The gradient's file holds something else than numbers."))
            count = sum(math.prod(tensor.get_shape()) for tensor in tensors)
        return _(
            "One number for each of {count:,} parameters, under their names, and nothing else.",
            count=count,
        )

    def expect(self, mechanism: Mechanism, records: int, selected: int) -> Width:
        """Return the expected width of an element's noise, in units of the clipping norm."""
        del records
        return Width(as_noise(mechanism).width(), float(selected))

    @classmethod
    def count_in_words(cls, count: int) -> str:
        """Return how much a bundle holds."""
        return ngettext("{count:,} sum of gradients", "{count:,} sums of gradients", count)

    def how_drawn(self, terms: "Terms") -> str:
        """Return how it was drawn, as a sentence."""
        noise = as_noise(terms.mechanism).noise
        if terms.rule is not None:
            return _(
                "The gradient of the loss of each record that the rule picks was clipped to norm "
                "{clip} and brought to whole steps of norm at most {steps}; every element of their sum "
                "got {noise} × {clip}.",
                clip=exact(self.clip),
                steps=CLIP_STEPS,
                noise=noise,
            )
        threshold = None if terms.cut is None else terms.cut.threshold
        beyond = None if threshold is None else exact(threshold)
        message = (
            N_(
                "The gradient of the loss of each record whose score is at most {threshold} was "
                "clipped to norm {clip} and brought to whole steps of norm at most {steps}; every "
                "element of their sum got {noise} × {clip}."
            )
            if terms.lowest
            else N_(
                "The gradient of the loss of each record whose score is at least {threshold} was "
                "clipped to norm {clip} and brought to whole steps of norm at most {steps}; every "
                "element of their sum got {noise} × {clip}."
            )
        )
        return _(message, threshold=beyond, clip=exact(self.clip), steps=CLIP_STEPS, noise=noise)

    def how_computed(self, terms: "Terms") -> str:
        """Return in which precision gradients were computed."""
        double = "float32" if terms.scoring.device == "mps" else "float64"
        return f" The gradient of each record was computed by itself, in {double}."

    def front_matter(self, form: WrittenForm | None) -> list[str]:
        """Return none: a hub shows no table of it."""
        del form
        return []

    def remarks(self, terms: "Terms") -> list[str]:
        """Return a sentence on the clipping norm."""
        from dataselect_gui.release.guarantees import ORIGIN_OF_BOUNDS

        del terms
        origin = ORIGIN_OF_BOUNDS[self.clip_from]
        return [f"Norm that gradients are clipped to: {exact(self.clip)}, {origin}."]


def stated_norm(text: str, label: str) -> Decimal:
    """Read a norm that gradients are clipped to.

    Raises
    ------
    UsageError
        Where it is no number, too small or too large.
    """
    number = stated_number(text, label)
    if not limits.LEAST_NORM <= number <= limits.LARGEST_NORM:
        raise UsageError(
            _("{label} cannot be “{text}”.", label=label, text=text),
            _(
                "It is a number from {least} to {largest}.",
                least=limits.LEAST_NORM,
                largest=limits.LARGEST_NORM,
            ),
            _("Write it like 1."),
        )
    return number


def check_sum(layout: Layout) -> None:
    """Refuse a gradient that is larger than a bundle or the ledger can hold.

    Raises
    ------
    UnusableError
        Where it is too large.
    """
    values = sum(int(np.prod(shape, dtype=object)) for _name, shape in layout)
    header = sum(
        6 * len(name.encode()) + _PER_TENSOR + _PER_AXIS * len(shape) for name, shape in layout
    )
    hold(header, limits.MOST_HEADER, _("bytes of the names of a model's parameters"))
    hold(_PER_VALUE * values + header, limits.MOST_DRAW, _("bytes of a gradient with its noise"))


def read_gradient(drawn: bytes) -> Summed:
    """Return the layout and the values, in steps, of a draw."""
    layout, _, values = drawn.partition(b"\n")
    return json.loads(layout), np.frombuffer(values, dtype="<i8")
