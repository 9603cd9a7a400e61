"""Input gradients of inputs that cannot be differentiated, such as token ids: at their embedding."""

from types import TracebackType

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _


class EmbeddingOutput:
    """Keeps the output of an embedding while a model runs, tied to the model's results.

    Parameters
    ----------
    embedding : Module or None
        From token ids to vectors; None where the inputs themselves are differentiable.
    """

    def __init__(self, embedding: nn.Module | None) -> None:
        self._embedding = embedding
        self._outputs: list[Tensor] = []
        self._handle: RemovableHandle | None = None

    def __enter__(self) -> "EmbeddingOutput":
        if self._embedding is not None:
            self._handle = self._embedding.register_forward_hook(self._keep)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            self._handle.remove()

    def _keep(self, module: nn.Module, arguments: tuple[object, ...], output: Tensor) -> None:
        del module, arguments
        if not output.requires_grad:
            output.requires_grad_()
        self._outputs.append(output)

    def place(self, inputs: Tensor) -> Tensor:
        """Return the tensor at which input gradients are taken, once the model ran.

        Raises
        ------
        UnusableError
            Where the model read its embedding more or less than once.
        """
        if self._embedding is None:
            return inputs
        if len(self._outputs) != 1:
            raise UnusableError(
                _("The checkpoint cannot be used for scores of input gradients."),
                _("It reads its table of words more than once, or not at all."),
                _("Leave out VoG and PLIS."),
            )
        return self._outputs[0]
