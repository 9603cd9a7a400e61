"""The shapes of the model's input that everybody may know, by which batches are planned.

They are found without looking at a record: on made-up images where the checkpoint's processor makes
them all alike, on a made-up row of an array file, whose rows have one shape by the format, by the few
lengths that texts are filled up to, and else by what the checkpoint says of its input. A record whose
input has another shape is computed by itself.
"""

from typing import Any

from torch import nn

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.records.kinds.kind import ToInput
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.scoring.graph import ExportedModel
from dataselect_gui.scoring.model import Model

Shape = tuple[int, ...]


def public_shapes(
    source: Source, member: Member, model: Model, preprocess: ToInput
) -> tuple[Shape, ...]:
    """Return the shapes of inputs that are computed together, the largest last.

    There are none where none is known beforehand, and several where a record takes the smallest that it
    fits, as a text does.

    Parameters
    ----------
    source : Source
        What kind of records there are; none is read.
    member : Member
        The checkpoint that they are made into inputs of.
    model : Model
        Its model.
    preprocess : ToInput
        From a decoded record to an input.

    Raises
    ------
    UnusableError
        Where records of this kind cannot be made into inputs.
    """
    if preprocess.shapes is not None:
        return tuple(preprocess.shapes)
    shapes = set()
    for sample in source.kind.samples(source):
        try:
            shapes.add(preprocess(sample).shape)
        except UnreadableRecordError:
            shapes.add(())
    (shape, *others) = shapes
    return _stated(member, model.inner) if others or not shape else (shape,)


def _stated(member: Member, inner: nn.Module) -> tuple[Shape, ...]:
    """Return the shape that the checkpoint states for an input, where it states one."""
    if isinstance(inner, ExportedModel):
        sides: tuple[Any, ...] = inner.input_sides
    else:
        size, channels = (member.config.get(name) for name in ("image_size", "num_channels"))
        height, width = size if isinstance(size, list) and len(size) == 2 else (size, size)
        sides = channels, height, width
    is_known = bool(sides) and all(type(side) is int and side > 0 for side in sides)
    return (tuple(sides),) if is_known else ()
