"""The direction that the consortium supplies, for the inner product with each record's gradient.

⟨∇_θ ℓ, v⟩ is the derivative of the loss along v: to first order, the influence of a training step on
that record (Pruthi et al. 2020, arXiv 2002.08484).
"""

from torch import Tensor

from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.model import PREFIX, Model
from dataselect_gui.texts import _


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
    from safetensors.torch import load

    try:
        stored = load(content)
    except Exception as error:  # Any fault of a stranger's file.
        raise _unusable(
            _("It cannot be read as safetensors ({error}).", error=type(error).__name__)
        ) from error
    if not stored:
        raise _unusable(_("It holds no tensor."))
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
