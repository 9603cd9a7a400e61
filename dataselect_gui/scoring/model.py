"""Load a checkpoint's model: evaluation mode, float32, nothing fetched, no stranger's code run."""

from typing import Any

import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.layout import Member
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.scoring.arithmetic import fix_arithmetic, flushed_denormals
from dataselect_gui.scoring.exported_model import load_exported
from dataselect_gui.scoring.hugging_face import load_hugging_face
from dataselect_gui.scoring.memory import is_out_of_memory

PREFIX = "inner."
"""What stands before the checkpoint's own names in those of a `Model`."""
_LOADERS = {"huggingface": load_hugging_face, "exported": load_exported}


class Model(nn.Module):
    """A classifier that maps a batch of inputs to logits, whatever form it was stored in.

    Attributes
    ----------
    channels : int or None
        How many channels an image must have, where the checkpoint says so.
    """

    def __init__(self, inner: nn.Module, channels: int | None) -> None:
        super().__init__()
        self.inner = inner
        self.channels = channels

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits, shape (batch, classes), of inputs of shape (batch, …).

        Raises
        ------
        UnusableError
            Where the model does not take these inputs, or returns something else.
        """
        try:
            output: Any = self.inner(inputs.clone())  # Some graphs change their input in place.
        except Exception as error:  # Any fault of a stranger's graph; its words may hold a record's.
            if is_out_of_memory(error):
                raise
            raise UnusableError(
                "The records do not fit the model.",
                f"The model does not take {len(inputs)} inputs of shape {tuple(inputs.shape[1:])} at "
                f"once ({type(error).__name__}).",
                "Ask the consortium for its preprocessor_config.json, or give float arrays in the "
                "model's own input shape.",
            ) from error
        if not isinstance(output, Tensor) and len(output):
            output = output.get("logits") if isinstance(output, dict) else output[0]
        return _checked(output, len(inputs))


def _checked(output: Any, batch: int) -> Tensor:  # noqa: ANN401  (whatever a model returns)
    """Hold what a model returns against what logits are."""
    if isinstance(output, Tensor):
        if output.is_floating_point() and output.dim() == 2 and len(output) == batch and output.numel():
            return output
        kind = str(output.dtype).removeprefix("torch.")
        returned = f"Of {batch} records it returns {kind} numbers of shape {tuple(output.shape)}"
    else:
        returned = "It returns no tensor"
    raise UnusableError(
        "The checkpoint is no classifier.",
        f"{returned} instead of logits: a row for each record, a number in it for each class.",
        "Ask the consortium for a model that returns its logits.",
    )


def choose_device(name: str) -> torch.device:
    """Return the device of that name; for ``auto`` the fastest one that is there.

    Raises
    ------
    UsageError
        Where the device is unknown or this machine has none.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(kind for kind, is_there in there.items() if is_there)
    if not there.get(name, False):
        raise UsageError(
            f"The device “{name}” cannot be used.",
            f"This machine has {', '.join(kind for kind, is_there in there.items() if is_there)}.",
            "Use --device auto.",
        )
    return torch.device(name)


@flushed_denormals()
def load_model(member: Member, device: torch.device) -> Model:
    """Load one checkpoint.

    Parameters
    ----------
    member : Member
        Where it is.
    device : torch.device
        Where it shall run.

    Returns
    -------
    Model
        In evaluation mode, on the device, in float32.

    Raises
    ------
    UnusableError
        Where the files do not make a model.
    """
    fix_arithmetic()
    try:
        model = Model(*_LOADERS[member.form](member, device))
    except UnusableError:
        raise
    except Exception as error:  # Any fault of a stranger's file, from any depth of a library.
        raise UnusableError(
            f"The checkpoint in “{member.folder.name}” cannot be loaded.",
            f"Its files do not make a model that is known here ({type(error).__name__}).",
            "Ask the consortium for an image classifier of the transformers library, or a .pt2 file.",
        ) from error
    if any(value.is_complex() for value in (*model.parameters(), *model.buffers())):
        raise UnusableError(
            f"The checkpoint in “{member.folder.name}” cannot be used for scoring.",
            "It computes with complex numbers, for which the scores are not defined.",
            "Ask the consortium for a model of real numbers.",
        )
    return model


def in_precision(model: Model, dtype: torch.dtype) -> Model:
    """Convert a model, its constants and the dtypes that an exported graph spells out.

    Halves and doubles among them, too: the model is one function, and this is its only rounding.
    """
    for module in model.modules():
        if not isinstance(module, torch.fx.GraphModule):
            continue
        for node in module.graph.nodes:
            node.args, node.kwargs = torch.fx.node.map_aggregate(
                (node.args, node.kwargs), lambda given: dtype if _is_floating(given) else given
            )
            arguments = getattr(getattr(node.target, "_schema", None), "arguments", ())
            makes = getattr(node.meta.get("val"), "dtype", None)
            if _is_floating(makes) and any(a.name == "dtype" and a.kwarg_only for a in arguments):
                node.kwargs = {"dtype": dtype, **node.kwargs}
        module.recompile()
        for name, value in list(vars(module).items()):
            if isinstance(value, Tensor) and value.is_floating_point():
                setattr(module, name, value.to(dtype))
    return model.to(dtype)


def _is_floating(given: object) -> bool:
    return isinstance(given, torch.dtype) and given.is_floating_point
