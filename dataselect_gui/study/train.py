"""Train small classifiers, with and without DP-SGD, the same by the same seed.

Privacy here is a subject of study, not a promise: the noise comes from a seeded generator, and the
sampling rate follows from the number of records. Nothing that is trained here ever leaves.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dataselect_gui.errors import InternalError, UnusableError
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.texts import _

DELTA = 1e-5
CLIP = 4.0
"""About the median gradient norm of the study's network; with a far smaller one, all cost the same."""
PLAIN_STEPS, PLAIN_BATCH = 200, 64
PRIVATE_STEPS, PRIVATE_BATCH = 100, 128
LEARNING_RATE = {"scratch": 1e-2, "checkpoint": 1e-3}
CHECKPOINTS = 5
RECIPE = {
    "optimiser": "Adam, the learning rate constant for the first half, then falling to nothing",
    "learning rate": LEARNING_RATE,
    "without DP": {"steps": PLAIN_STEPS, "expected batch": PLAIN_BATCH},
    "by DP-SGD": {
        "steps": PRIVATE_STEPS,
        "expected batch": PRIVATE_BATCH,
        "clip norm": CLIP,
        "delta": DELTA,
        "neighbours": "one record more or less",
    },
    "batches": "every record joins by a coin of its own (Poisson); at most half the records",
}
"""How is trained, for people and for telling one study from another."""
AGREEMENT = 0.01
"""How far two accountants may be apart, relative to ε."""
_GROUPS = 4
_CHUNK = 64
_TRIED_STEPS = 3


@dataclass(frozen=True)
class Privacy:
    """What a training by DP-SGD came to; one record more or less makes neighbours.

    Attributes
    ----------
    noise_multiplier, sample_rate : float
        Of every step.
    steps : int
        How many there were.
    epsilon : float
        At `DELTA`, by Opacus's accountant.
    epsilon_second : float
        The same by that of dp_accounting.
    """

    noise_multiplier: float
    sample_rate: float
    steps: int
    epsilon: float
    epsilon_second: float


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: faster for small networks, and the same digits on any number of cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def make_network(channels: int, classes: int, width: int, seed: int) -> nn.Module:
    """Return an untrained small network for images of about 32 pixels.

    It has group norm, which mixes no records, and SiLU, which is smooth, so that scores by it are
    computed in float32.

    Parameters
    ----------
    channels, classes : int
        Of the images; of the labels.
    width : int
        Channels of the first layer, a multiple of four.
    seed : int
        Of the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for taken, given in ((channels, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [
                nn.Conv2d(taken, given, 3, stride=2, padding=1),
                nn.GroupNorm(_GROUPS, given),
                nn.SiLU(),
            ]
        layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16 * width, classes)]
        return nn.Sequential(*layers).eval()


@_one_thread()
def train(
    network: nn.Module,
    inputs: InputArray,
    targets: NDArray[np.int64],
    *,
    seed: int,
    epsilon: float | None,
    rate: float = LEARNING_RATE["scratch"],
    on_checkpoint: Callable[[int], None] | None = None,
) -> Privacy | None:
    """Train a network in place, on batches that each record joins by a coin of its own.

    Parameters
    ----------
    network : Module
        In evaluation mode, and it stays there: stored statistics are not touched, dropout is off, so
        that a record's gradient depends on that record alone.
    inputs : ndarray
        Shape (n, …).
    targets : ndarray of int64
        Class indices, shape (n,).
    seed : int
        Of the batches and the noise.
    epsilon : float or None
        For training by DP-SGD (Opacus): what it may come to at `DELTA`. None for training without.
    rate : float
        The learning rate; it falls to nothing over the second half.
    on_checkpoint : callable or None
        Called with the step, `CHECKPOINTS` times, evenly.

    Raises
    ------
    UnusableError
        Where a network's gradients cannot be taken record by record.
    InternalError
        Where two accountants disagree on ε.
    """
    generator = torch.Generator().manual_seed(seed)
    count = len(targets)
    steps = PLAIN_STEPS if epsilon is None else PRIVATE_STEPS
    batch = min(PLAIN_BATCH if epsilon is None else PRIVATE_BATCH, max(1, count // 2))
    images, classes = torch.from_numpy(inputs), torch.from_numpy(targets)
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=rate)
    step: Callable[[Tensor], None] = _Plain(network, optimizer, images, classes)
    privacy = None
    if epsilon is not None:
        privacy = account(epsilon, batch / count, steps)
        noise_multiplier = privacy.noise_multiplier
        step = _Private(network, optimizer, images, classes, noise_multiplier, batch, generator)
    marks = {round(steps * (number + 1) / CHECKPOINTS) for number in range(CHECKPOINTS)}
    for done in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 2 * (1 - (done - 1) / steps))
        drawn = torch.rand(count, generator=generator) < batch / count
        step(drawn)
        if on_checkpoint is not None and done in marks:
            on_checkpoint(done)
    return privacy


class _Plain:
    """One step of training without privacy."""

    def __init__(
        self, network: nn.Module, optimizer: torch.optim.Optimizer, images: Tensor, classes: Tensor
    ) -> None:
        self._network, self._optimizer = network, optimizer
        self._images, self._classes = images, classes

    def __call__(self, drawn: Tensor) -> None:
        if not bool(drawn.any()):
            return
        self._optimizer.zero_grad()
        logits = logits_of(self._network, self._images[drawn])
        functional.cross_entropy(logits, self._classes[drawn]).backward()
        self._optimizer.step()


class _Private:
    """One step of DP-SGD: Opacus clips and adds noise, `torch.func` gives each record's gradient.

    Opacus's own hooks work in training mode only, and not on every model that a consortium may share.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        images: Tensor,
        classes: Tensor,
        noise_multiplier: float,
        batch: int,
        generator: torch.Generator,
    ) -> None:
        from opacus.optimizers import DPOptimizer

        self._images, self._classes = images, classes
        self._parameters = {n: p for n, p in network.named_parameters() if p.requires_grad}
        self._optimizer = DPOptimizer(
            optimizer,
            noise_multiplier=noise_multiplier,
            max_grad_norm=CLIP,
            expected_batch_size=batch,
            generator=generator,
        )

        def loss(parameters: Mapping[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
            outcome = torch.func.functional_call(network, dict(parameters), (image[None],))
            return functional.cross_entropy(_as_logits(outcome), label[None])

        self._gradients = torch.func.vmap(
            torch.func.grad(loss), in_dims=(None, 0, 0), chunk_size=_CHUNK
        )

    def __call__(self, drawn: Tensor) -> None:
        self._optimizer.zero_grad()
        values = {name: value.detach() for name, value in self._parameters.items()}
        if bool(drawn.any()):
            try:
                gradients = self._gradients(values, self._images[drawn], self._classes[drawn])
            except (RuntimeError, ValueError) as error:
                raise UnusableError(
                    _("The consortium's model cannot be trained with DP-SGD here."),
                    _(
                        "Its gradients cannot be taken record by record ({error}).",
                        error=type(error).__name__,
                    ),
                    _("Let the trainings start from scratch: --start scratch."),
                ) from error
        else:
            gradients = {name: value.new_zeros((0, *value.shape)) for name, value in values.items()}
        for name, parameter in self._parameters.items():
            parameter.grad_sample = gradients[name]  # type: ignore[attr-defined]
        self._optimizer.step()


@cache
def account(epsilon: float, rate: float, steps: int) -> Privacy:
    """Return the noise for a training by DP-SGD, and what it comes to by two accountants.

    Parameters
    ----------
    epsilon : float
        What the training may come to at `DELTA`.
    rate : float
        The probability with which a record joins a batch.
    steps : int
        How many batches.

    Raises
    ------
    InternalError
        Where the accountants disagree.
    """
    from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, SelfComposedDpEvent
    from dp_accounting.rdp import RdpAccountant
    from opacus.accountants import RDPAccountant
    from opacus.accountants.utils import get_noise_multiplier

    noise_multiplier = get_noise_multiplier(
        target_epsilon=epsilon,
        target_delta=DELTA,
        sample_rate=rate,
        steps=steps,
        accountant="rdp",
        epsilon_tolerance=epsilon / 1000,
    )
    first = RDPAccountant()
    first.history = [(noise_multiplier, rate, steps)]
    by_opacus = float(first.get_epsilon(DELTA))
    second = RdpAccountant(RDPAccountant.DEFAULT_ALPHAS)
    event = PoissonSampledDpEvent(rate, GaussianDpEvent(noise_multiplier))
    second.compose(SelfComposedDpEvent(event, steps))
    by_dp_accounting = float(second.get_epsilon(DELTA))
    if abs(by_dp_accounting / by_opacus - 1) > AGREEMENT:
        raise InternalError(
            _("Two accountants disagree on what a training costs."),
            _(
                "Opacus says ε = {by_opacus:.4f}, dp_accounting says {by_dp_accounting:.4f}.",
                by_opacus=by_opacus,
                by_dp_accounting=by_dp_accounting,
            ),
            _("Please report these words."),
        )
    return Privacy(noise_multiplier, rate, steps, by_opacus, by_dp_accounting)


def logits_of(network: nn.Module, images: Tensor) -> Tensor:
    """Return the logits of a network, whatever it wraps them in."""
    return _as_logits(network(images))


@_one_thread()
def predict(network: nn.Module, inputs: InputArray, batch: int = 500) -> NDArray[np.float64]:
    """Return the probabilities of the classes, shape (n, classes)."""
    with torch.no_grad():
        parts = [logits_of(network, part) for part in torch.from_numpy(inputs).split(batch)]
        probabilities: NDArray[np.float64] = torch.cat(parts).double().softmax(dim=1).numpy()
        return probabilities


def recalls(
    predicted: NDArray[np.int64], targets: NDArray[np.int64], classes: int
) -> list[float | None]:
    """Return the share of each class that is recognised; None for a class without a record."""
    right = predicted == targets
    there = np.bincount(targets, minlength=classes)
    hits = np.bincount(targets[right], minlength=classes)
    return [float(h / n) if n else None for h, n in zip(hits, there, strict=True)]


@_one_thread()
def time_step(
    network: nn.Module,
    inputs: InputArray,
    targets: NDArray[np.int64],
    *,
    private: bool,
) -> float:
    """Return how long one step takes, in seconds, after a step to warm up.

    Parameters
    ----------
    network : Module
        It is changed.
    inputs, targets : ndarray
        At least as many as a batch has.
    private : bool
        Whether by DP-SGD.
    """
    images, classes = torch.from_numpy(inputs), torch.from_numpy(targets)
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad])
    batch = min(PRIVATE_BATCH if private else PLAIN_BATCH, len(targets))
    step: Callable[[Tensor], None] = _Plain(network, optimizer, images, classes)
    if private:
        generator = torch.Generator().manual_seed(0)
        step = _Private(network, optimizer, images, classes, 1.0, batch, generator)
    drawn = torch.arange(len(targets)) < batch
    step(drawn)
    started = time.monotonic()
    for _step in range(_TRIED_STEPS):
        step(drawn)
    return (time.monotonic() - started) / _TRIED_STEPS


def _as_logits(outcome: object) -> Tensor:
    if isinstance(outcome, Tensor):
        return outcome
    logits = outcome["logits"] if isinstance(outcome, dict) else outcome[0]  # type: ignore[index]
    assert isinstance(logits, Tensor)
    return logits
