"""Load a checkpoint's model: evaluation mode, float32, nothing fetched, no stranger's code run."""

from collections.abc import Mapping
from typing import Any, assert_never

import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.norms.memory import is_out_of_memory
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.arithmetic import fix_arithmetic, flushed_denormals
from dataselect_gui.scoring.exported_model import load_exported
from dataselect_gui.scoring.graph import ExportedModel
from dataselect_gui.scoring.hugging_face import load_hugging_face
from dataselect_gui.scoring.logits import check_logits
from dataselect_gui.scoring.names import Batching
from dataselect_gui.scoring.token_arguments import are_texts, token_arguments
from dataselect_gui.texts import _, ngettext

PREFIX = "inner."
"""What stands before the inner model's names in those of a `Model`."""


class Model(nn.Module):
    """A classifier that maps a batch of inputs to logits, whatever form it was stored in.

    Attributes
    ----------
    channels : int or None
        How many channels an image must have, where the checkpoint says so.
    stored_names : dict
        What the checkpoint's files call each parameter, by its name here. A parameter is left out where
        no single tensor of the files is what it is.
    """

    def __init__(
        self, inner: nn.Module, channels: int | None, names: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.inner = inner
        self.channels = channels
        own = {name: name for name, _ in inner.named_parameters()}
        stored = own if names is None else names
        self.stored_names = {PREFIX + name: stored[name] for name in own if name in stored}

    @property
    def vocabulary(self) -> int | None:
        """How many tokens the model tells apart; None where its inputs are no texts."""
        if getattr(self.inner, "main_input_name", None) != "input_ids":
            return None
        return int(self.inner.config.vocab_size)  # type: ignore[union-attr, arg-type]

    @property
    def embedding(self) -> nn.Module | None:
        """The table of words, at whose output input gradients of texts are taken; else None."""
        if self.vocabulary is None:
            return None
        table: nn.Module = self.inner.get_input_embeddings()  # type: ignore[operator]
        return table

    @property
    def batching(self) -> Batching:
        """How the records of a batch are kept apart, as `Trial` has it."""
        if not isinstance(self.inner, ExportedModel):
            return "by family"
        return "by operation" if self.inner.runs_together else "one at a time"

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits, shape (batch, classes), of inputs of shape (batch, …).

        Raises
        ------
        UnusableError
            Where the model does not take these inputs, or returns something else.
        """
        try:
            if are_texts(inputs) and not isinstance(self.inner, ExportedModel):
                output: Any = self.inner(**token_arguments(inputs))
            else:
                output = self.inner(inputs.clone())  # Some graphs change their input in place.
        except UnusableError:
            raise
        except Exception as error:  # Any fault of a stranger's graph; its words may hold a record's.
            if is_out_of_memory(error):
                raise
            raise UnusableError(
                _("The records do not fit the model."),
                ngettext(
                    "The model does not take {count} input of shape {shape} at once ({error}).",
                    "The model does not take {count} inputs of shape {shape} at once ({error}).",
                    len(inputs),
                    shape=tuple(inputs.shape[1:]),
                    error=type(error).__name__,
                ),
                _(
                    "Ask the consortium for its preprocessor_config.json, or give float arrays in the "
                    "model's own input shape."
                ),
            ) from error
        if not isinstance(output, Tensor) and len(output):
            output = output.get("logits") if isinstance(output, dict) else output[0]
        return check_logits(output, len(inputs))


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
            _("The device “{name}” cannot be used.", name=name),
            _(
                "This machine has {devices}.",
                devices=", ".join(kind for kind, is_there in there.items() if is_there),
            ),
            _("Use --device auto."),
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
        model = _load(member, device)
    except UnusableError:
        raise
    except Exception as error:  # Any fault of a stranger's file, from any depth of a library.
        if is_out_of_memory(error):
            raise
        raise UnusableError(
            _("The checkpoint in “{name}” cannot be loaded.", name=member.folder.name),
            _(
                "Its files do not make a model that is known here ({error}).",
                error=type(error).__name__,
            ),
            _(
                "Ask the consortium for an image classifier of the transformers library, or a .pt2 "
                "file."
            ),
        ) from error
    if any(value.is_complex() for value in (*model.parameters(), *model.buffers())):
        raise UnusableError(
            _("The checkpoint in “{name}” cannot be used for scoring.", name=member.folder.name),
            _("It computes with complex numbers, for which the scores are not defined."),
            _("Ask the consortium for a model of real numbers."),
        )
    return model


def _load(member: Member, device: torch.device) -> Model:
    match member.form:
        case "huggingface":
            return Model(*load_hugging_face(member, device))
        case "exported":
            return Model(*load_exported(member, device))
        case never:
            assert_never(never)


def in_precision(model: Model, dtype: torch.dtype) -> Model:
    """Convert a model's numbers.

    Halves and doubles among them, too: the model is one function, and this is its only rounding.
    """
    return model.to(dtype)


def to_tensor(inputs: InputArray, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return a copy of inputs on a device: numbers in a precision, tokens as they are.

    The copy begins where PyTorch has its tensors begin, on which rounding may depend.
    """
    batch = torch.from_numpy(inputs)
    if device.type == "cuda":  # The copy goes on beside what the GPU has still to do.
        batch = batch.pin_memory().to(device, non_blocking=True)
    return batch.to(device, dtype if batch.is_floating_point() else batch.dtype, copy=True)
