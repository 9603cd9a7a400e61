"""The direction that the consortium supplies, for the inner product with each record's gradient.

⟨∇_θ ℓ, v⟩ is the derivative of the loss along v: to first order, the influence of a training step on
that record (Pruthi et al. 2020, arXiv 2002.08484).
"""

from torch import Tensor, nn

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _


def load_direction(content: bytes, model: nn.Module, prefix: str) -> dict[str, Tensor]:
    """Read a direction and hold it against the parameters of a model.

    Parameters
    ----------
    content : bytes
        A safetensors file with tensors named as the checkpoint's parameters.
    model : nn.Module
        Whose parameters they are; a parameter that the file does not name does not move.
    prefix : str
        What stands before the checkpoint's own names in those of the model.

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
    parameters = dict(model.named_parameters())
    direction = {}
    for name, values in stored.items():
        parameter = parameters.get(prefix + name)
        if parameter is None:
            raise _unusable(_("It names “{name}”, which is no parameter of the model.", name=name))
        if parameter.shape != values.shape:
            raise _unusable(
                _(
                    "“{name}” has shape {shape}; in the model it has {needed}.",
                    name=name,
                    shape=tuple(values.shape),
                    needed=tuple(parameter.shape),
                )
            )
        direction[prefix + name] = values.to(parameter.device, parameter.dtype)
    if not direction:
        raise _unusable(_("It holds no tensor."))
    return direction


def _unusable(why: str) -> UnusableError:
    return UnusableError(
        _("The consortium's direction cannot be used."),
        why,
        _("Ask the consortium for a corrected file."),
    )
