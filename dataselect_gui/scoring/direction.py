"""The directions that the consortium supplies, for the inner product with each record's gradient.

⟨∇_θ ℓ, v⟩ is the derivative of the loss along v: to first order, the influence of a training step on
that record (Pruthi et al. 2020, arXiv 2002.08484).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from dataselect_gui.checkpoints.calibration_file import DIRECTION
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.model import PREFIX, Model
from dataselect_gui.texts import _


@dataclass(frozen=True)
class ClassDirections:
    """A direction for each of some classes.

    Attributes
    ----------
    classes : tuple of int
        Which classes have one, by their index.
    directions : dict
        By the parameters' names in the model, each of shape (len(classes), …).
    lengths : Tensor
        ‖v_c‖₂ of each, shape (len(classes),), float64.
    """

    classes: tuple[int, ...]
    directions: dict[str, Tensor]
    lengths: Tensor

    def along_own(self, products: Tensor, targets: Tensor) -> Tensor:
        """Return ⟨g, v_y⟩/‖v_y‖ of each record, shape (batch,); NaN where there is no such direction.

        Parameters
        ----------
        products : Tensor
            With every direction, shape (batch, len(classes)), float64.
        targets : Tensor
            The class of each record, shape (batch,).
        """
        scaled = products / self.lengths  # 0/0 is NaN.
        missing = torch.full_like(scaled[:, :1], torch.nan)
        columns = torch.full_like(targets, len(self.classes))
        for column, index in enumerate(self.classes):
            columns = columns.where(targets != index, column)
        return torch.cat([scaled, missing], dim=1).gather(1, columns[:, None])[:, 0]


def load_direction(content: bytes, model: Model) -> dict[str, Tensor]:
    """Read a direction and hold it against the parameters of a model.

    Parameters
    ----------
    content : bytes
        A safetensors file with tensors named as in the checkpoint's files; or else, all of them, as the
        library that makes the model names its parameters.
    model : Model
        Whose parameters they are; a parameter that the file does not name does not move.

    Returns
    -------
    dict
        By the parameters' names in the model, in their dtype and on their device.

    Raises
    ------
    UnusableError
        Where the file cannot be read, or names what the model does not have.
    """
    stored = _stored(content)
    if not stored:
        raise _unusable(_("It holds no tensor."))
    return _of_model(stored, model)


def load_class_directions(content: bytes, model: Model) -> ClassDirections:
    """Read the directions of classes from the file of a calibration.

    Parameters
    ----------
    content : bytes
        A safetensors file; see `checkpoints.calibration_file`.
    model : Model
        Whose parameters they are.

    Raises
    ------
    UnusableError
        Where the file cannot be read, or names what the model does not have.
    """
    by_class: dict[int, dict[str, Tensor]] = {}
    for key, values in _stored(content).items():
        match = DIRECTION.fullmatch(key)
        if match is not None:
            by_class.setdefault(int(match[1]), {})[match[2]] = values
    if not by_class:
        raise _unusable(_("It holds no direction of a class."))
    classes = tuple(sorted(by_class))
    each = [_of_model(by_class[index], model) for index in classes]
    parameters = dict(model.named_parameters())
    names = sorted(set().union(*each))
    stacked = {
        name: torch.stack([own.get(name, torch.zeros_like(parameters[name])) for own in each])
        for name in names
    }
    squares = [stacked[name].double().reshape(len(classes), -1).square().sum(dim=1) for name in names]
    return ClassDirections(classes, stacked, torch.stack(squares).sum(dim=0).sqrt())


def stacked(
    direction: Mapping[str, Tensor], of_classes: ClassDirections | None
) -> Mapping[str, Tensor]:
    """Return a direction, and those of classes behind it, as one of several; the first may be empty."""
    if of_classes is None:
        return {name: values[None] for name, values in direction.items()}
    shapes = {name: values[0] for name, values in of_classes.directions.items()} | dict(direction)
    parts: dict[str, Tensor] = {}
    for name, like in shapes.items():
        first = direction.get(name, torch.zeros_like(like))[None]
        zeros = torch.zeros_like(like).expand(len(of_classes.classes), *like.shape)
        parts[name] = torch.cat([first, of_classes.directions.get(name, zeros)])
    return parts


def _stored(content: bytes) -> dict[str, Tensor]:
    from safetensors.torch import load

    try:
        return load(content)
    except Exception as error:  # Any fault of a stranger's file.
        raise _unusable(
            _("It cannot be read as safetensors ({error}).", error=type(error).__name__)
        ) from error


def _of_model(stored: Mapping[str, Tensor], model: Model) -> dict[str, Tensor]:
    """Return a direction by the parameters' names in the model, in their dtype and on their device."""
    parameters = dict(model.named_parameters())
    by_file = {name: own for own, name in model.stored_names.items()}
    by_library = {own.removeprefix(PREFIX): own for own in parameters}
    is_by_library = not stored.keys() <= by_file.keys() and stored.keys() <= by_library.keys()
    names = by_library if is_by_library else by_file
    direction = {}
    for name, values in stored.items():
        if name not in names:
            raise _unusable(_("It names “{name}”, which is no parameter of the model.", name=name))
        parameter = parameters[names[name]]
        if parameter.shape != values.shape:
            raise _unusable(
                _(
                    "“{name}” has shape {shape}; in the model it has {needed}.",
                    name=name,
                    shape=tuple(values.shape),
                    needed=tuple(parameter.shape),
                )
            )
        direction[names[name]] = values.to(parameter.device, parameter.dtype)
    return direction


def _unusable(why: str) -> UnusableError:
    return UnusableError(
        _("The consortium's direction cannot be used."),
        why,
        _("Ask the consortium for a corrected file."),
    )
