"""Score batches of inputs with the checkpoints: several scores share their passes."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dataselect_gui.checkpoints.layout import Checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring import measures
from dataselect_gui.scoring.gradient_norms import GradientNorms
from dataselect_gui.scoring.inputs import Preprocessor
from dataselect_gui.scoring.model import Model, in_precision, load_model

COMPANY_TOLERANCE = 1e-4
"""How far a record's logits may move with its company, relative to the largest: rounding, no more."""


class Scorer:
    """The models that a set of scores needs, loaded and ready.

    Parameters
    ----------
    checkpoint : Checkpoint
        The consortium's.
    names : sequence of str
        The scores to compute.
    device : torch.device
        Where to compute.
    """

    def __init__(self, checkpoint: Checkpoint, names: Sequence[str], device: torch.device) -> None:
        self._device = device
        # In float32 a rounding that flips a ReLU or a maximum moves a gradient by up to 1e-3, and
        # the batch size decides which roundings there are. Apple's GPUs have no float64.
        self._dtype = torch.float32 if device.type == "mps" else torch.float64
        self._final = in_precision(load_model(checkpoint.final, device), self._dtype)
        self._norms = GradientNorms(self._final)
        self._series: list[Model] = []
        if "vog" in names:
            self._series = [
                self._final
                if member == checkpoint.final
                else in_precision(load_model(member, device), self._dtype)
                for member in checkpoint.series
            ]
        self.preprocess = Preprocessor(checkpoint.final, self._final.channels)

    def check_independence(self, inputs: NDArray[np.float32]) -> None:
        """Refuse a model for which a record's result depends on the records beside it.

        Parameters
        ----------
        inputs : ndarray
            A few records, shape (batch, …); at least two.

        Raises
        ------
        UnusableError
            Where the model mixes the records of a batch, or does not take these inputs.
        """
        batch = self._tensor(inputs)
        for model in dict.fromkeys((self._final, *self._series)):
            with torch.no_grad():
                together = self._logits(model, batch)
                alone = torch.cat([self._logits(model, one[None]) for one in batch])
            scale = float(together.abs().max()) or 1.0
            if float((together - alone).abs().max()) > COMPANY_TOLERANCE * scale:
                raise UnusableError(
                    "The checkpoint cannot be used for scoring.",
                    "Its result for a record depends on the other records of the batch (batch "
                    "statistics, for example), so a score would speak of other people's records.",
                    "Ask the consortium for the model in evaluation mode (model.eval() before "
                    "torch.export).",
                )

    def score(
        self, names: Sequence[str], inputs: NDArray[np.float32], targets: NDArray[np.int64]
    ) -> dict[str, NDArray[np.float64]]:
        """Score one batch.

        Parameters
        ----------
        names : sequence of str
            Some of the scores that the scorer was made for.
        inputs : ndarray
            Shape (batch, …), of equal shape.
        targets : ndarray
            Class indices, shape (batch,); −1 for a record without a label.

        Returns
        -------
        dict
            For each score an array of shape (batch,); NaN where a score needs a label and there is
            none.
        """
        batch = self._tensor(inputs)
        given = torch.from_numpy(targets).to(self._device)
        labelled = given >= 0
        with torch.no_grad():
            logits = self._logits(self._final, batch)
        if bool((given >= logits.shape[1]).any()):
            raise UnusableError(
                "The labels do not match the model's classes.",
                f"The model tells {logits.shape[1]} classes apart; a label has index "
                f"{int(given.max())}.",
                "Name another label column, or ask the consortium for its class names.",
            )
        known = given.clamp(min=0)
        scores: dict[str, Tensor] = {}
        if "loss" in names:
            scores["loss"] = measures.cross_entropy(logits, known)
        if "el2n" in names:
            scores["el2n"] = measures.el2n(logits, known)
        if "grad_norm" in names:
            at_logits = measures.logit_gradients(logits, known)
            scores["grad_norm"] = self._norms.run(batch).squared_norms(at_logits).sqrt()
        scores = {name: value.where(labelled, torch.nan) for name, value in scores.items()}
        if "vog" in names:
            classes = given.where(labelled, logits.argmax(dim=1))
            scores["vog"] = measures.variance_of_gradients(
                [measures.input_gradient_maps(model, batch, classes) for model in self._series]
            )
        return {name: value.detach().cpu().numpy() for name, value in scores.items()}

    def _tensor(self, inputs: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(inputs).to(self._device, self._dtype)

    def _logits(self, model: Model, batch: Tensor) -> Tensor:
        try:
            logits: Tensor = model(batch)
        except (RuntimeError, ValueError, AssertionError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            raise UnusableError(
                "The records do not fit the model.",
                f"The model does not take inputs of shape {tuple(batch.shape[1:])}.",
                "Ask the consortium for its preprocessor_config.json, or give float arrays in the "
                "model's own input shape.",
            ) from error
        return logits
