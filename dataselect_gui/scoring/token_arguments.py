"""From the inputs of texts to what the library's models of texts are called with."""

import torch
from torch import Tensor

_NAMES = ("input_ids", "attention_mask", "token_type_ids")


def are_texts(inputs: Tensor) -> bool:
    """Say whether inputs are those of texts, as `token_arguments` takes them."""
    return inputs.dtype == torch.int64 and inputs.dim() == 3


def token_arguments(inputs: Tensor) -> dict[str, Tensor]:
    """Return the arguments for a batch of texts, by their names.

    Parameters
    ----------
    inputs : Tensor of int64
        Shape (batch, 2, length) or (batch, 3, length): the numbers of the tokens; a 1 for each of them
        and a 0 for what fills the text up; the types of the tokens, where they have any.
    """
    return dict(zip(_NAMES, inputs.unbind(1), strict=False))
