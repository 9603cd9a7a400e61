"""Train the demo's model: one run of DP-SGD, with five checkpoints kept on the way."""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dp_accounting
import numpy as np
import torch
from numpy.typing import NDArray
from opacus import PrivacyEngine
from opacus.accountants import RDPAccountant
from opacus.utils.batch_memory_manager import BatchMemoryManager
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, TensorDataset
from transformers import AutoModelForImageClassification, BitConfig, BitForImageClassification

BATCH_SIZE = 1_000  # the expected size of a Poisson-sampled batch
STEPS = 200
CHECKPOINTS = 5
NOISE_MULTIPLIER = 0.75
MAX_GRAD_NORM = 1.0
DELTA = 1e-5
LEARNING_RATE = 1.0
MOMENTUM = 0.9
WARMUP_STEPS = 20
RESCALE_FACTOR = 1 / 255
PREPROCESSOR = {
    "do_convert_rgb": False,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5],
    "image_processor_type": "ViTImageProcessor",
    "image_std": [0.5],
    "resample": 2,
    "rescale_factor": RESCALE_FACTOR,
    "size": {"height": 28, "width": 28},
}


@dataclass(frozen=True)
class Images:
    """Some rows of Fashion-MNIST.

    Parameters
    ----------
    x
        Images, (N, 28, 28) uint8.
    y
        Labels, (N,) int64.
    classes
        The names of the classes.
    """

    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    classes: tuple[str, ...]

    def rows(self, index: range | NDArray[np.int64]) -> "Images":
        """Return the rows of ``index``, in its order."""
        chosen = np.asarray(index)
        return Images(self.x[chosen], self.y[chosen], self.classes)


def preprocess(x: NDArray[np.uint8]) -> Tensor:
    """Return what the stored preprocessor yields from greyscale images of 28 by 28.

    Parameters
    ----------
    x
        Images, (N, 28, 28) uint8.

    Returns
    -------
    Tensor
        (N, 1, 28, 28) float32: scaled by 1/255, then normalised with mean 0.5 and deviation 0.5.
    """
    scaled = (x.astype(np.float64) * RESCALE_FACTOR).astype(np.float32)
    return torch.from_numpy((scaled - np.float32(0.5)) / np.float32(0.5)).unsqueeze(1)


def make_model(classes: Sequence[str]) -> nn.Module:
    """Return an untrained BiT: group norm and weight-standardised convolutions, no batch norm.

    Parameters
    ----------
    classes
        The names of the classes.

    Returns
    -------
    Module
        A ``BitForImageClassification`` in float32.
    """
    config = BitConfig(
        num_channels=1,
        embedding_size=32,
        hidden_sizes=[128, 256],
        depths=[1, 1],
        layer_type="bottleneck",
        num_groups=8,  # divides the stem's width, and a quarter of each of the others
        global_padding="SAME",
        id2label=dict(enumerate(classes)),
        label2id={name: index for index, name in enumerate(classes)},
    )
    # BiT itself takes any size; the checkpoint's readers may want to know it.
    config.update({"image_size": 28})
    return BitForImageClassification(config)


def learning_rate(step: int) -> float:
    """Return the learning rate of ``step`` (from 0): a warm-up, a plateau, a linear decay."""
    warmup = min(1.0, (step + 1) / WARMUP_STEPS)
    decay = min(1.0, max(0.1, 2.0 * (1.0 - step / STEPS)))
    return LEARNING_RATE * warmup * decay


def train(images: Images, seed: int, on_checkpoint: Callable[[int, nn.Module], None]) -> None:
    """Train one model with DP-SGD and hand over its checkpoints on the way.

    Parameters
    ----------
    images
        The training set.
    seed
        Seeds the initial weights, the Poisson sampling and the noise.
    on_checkpoint
        Called with the step and the model, ``CHECKPOINTS`` times, equally spaced.
    """
    torch.manual_seed(seed)
    model = make_model(images.classes)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    loader = DataLoader(
        TensorDataset(preprocess(images.x), torch.from_numpy(images.y)),
        batch_size=BATCH_SIZE,
        generator=torch.Generator().manual_seed(seed + 1),
    )
    engine = PrivacyEngine(accountant="rdp")
    # The data are public, so the noise may come from an ordinary seeded generator, and the run can
    # be repeated.  To protect private data, use PrivacyEngine(secure_mode=True) and no seed.
    private_model, private_optimizer, private_loader = engine.make_private(
        module=model,
        optimizer=optimizer,
        data_loader=loader,
        noise_multiplier=NOISE_MULTIPLIER,
        max_grad_norm=MAX_GRAD_NORM,
        poisson_sampling=True,
        noise_generator=torch.Generator().manual_seed(seed + 2),
    )
    step = 0
    started = time.monotonic()
    while step < STEPS:
        with BatchMemoryManager(
            data_loader=private_loader, max_physical_batch_size=128, optimizer=private_optimizer
        ) as parts:
            for pixel_values, labels in parts:
                for group in private_optimizer.param_groups:
                    group["lr"] = learning_rate(step)
                private_optimizer.zero_grad()
                loss = F.cross_entropy(private_model(pixel_values=pixel_values).logits, labels)
                loss.backward()
                private_optimizer.step()
                if private_optimizer._is_last_step_skipped:
                    continue  # a part of a batch: its clipped gradients were only accumulated
                step += 1
                if step % (STEPS // CHECKPOINTS) == 0:
                    print(f"step {step}: {time.monotonic() - started:.0f} s", flush=True)
                    on_checkpoint(step, model)
                if step == STEPS:
                    break
    counted = sum(entry[2] for entry in engine.accountant.history)
    if counted != STEPS:
        raise RuntimeError(f"the accountant counted {counted} steps of {STEPS}")


def training_facts(rows: int) -> dict[str, float]:
    """Return what a request states of the training, with the epsilon that it spent.

    Parameters
    ----------
    rows
        How many the model is trained on.
    """
    sample_rate = 1 / math.ceil(rows / BATCH_SIZE)
    accountant = RDPAccountant()
    accountant.history = [(NOISE_MULTIPLIER, sample_rate, STEPS)]
    epsilon = float(accountant.get_epsilon(DELTA))
    rdp = epsilon_by_dp_accounting(dp_accounting.rdp.RdpAccountant(), sample_rate)
    pld = epsilon_by_dp_accounting(dp_accounting.pld.PLDAccountant(), sample_rate)
    print(f"epsilon at delta {DELTA}: {epsilon:.4f} (Opacus, RDP),")
    print(f"  {rdp:.4f} (dp_accounting, RDP), {pld:.4f} (dp_accounting, PLD)")
    if abs(rdp / epsilon - 1) > 0.02:
        raise RuntimeError("the two RDP accountants disagree by more than 2 %")
    return {
        "noise_multiplier": NOISE_MULTIPLIER,
        "max_grad_norm": MAX_GRAD_NORM,
        "sample_rate": sample_rate,
        "steps": STEPS,
        "delta": DELTA,
        "epsilon": math.ceil(epsilon * 100) / 100,  # rounded up: never less than was spent
    }


def epsilon_by_dp_accounting(accountant: dp_accounting.PrivacyAccountant, sample_rate: float) -> float:
    """Return the epsilon of the run by a second, independent implementation.

    Parameters
    ----------
    accountant
        An empty accountant of ``dp_accounting`` for neighbours that differ by one record more
        or less.
    sample_rate
        The Poisson sample rate.

    Returns
    -------
    float
        Epsilon at ``DELTA``.
    """
    one_step = dp_accounting.PoissonSampledDpEvent(
        sample_rate, dp_accounting.GaussianDpEvent(NOISE_MULTIPLIER)
    )
    accountant.compose(dp_accounting.SelfComposedDpEvent(one_step, STEPS))
    return float(accountant.get_epsilon(DELTA))


def logits_of(model: nn.Module, x: NDArray[np.uint8]) -> Tensor:
    """Return the logits of ``model`` in evaluation mode for the images ``x``, in float64."""
    training = model.training
    model.eval()
    with torch.no_grad():
        parts = [model(pixel_values=part).logits for part in torch.split(preprocess(x), 500)]
    model.train(training)
    return torch.cat(parts).double()


def accuracy(model: nn.Module, images: Images) -> float:
    """Return the share of ``images`` that ``model`` classifies as labelled."""
    hit = logits_of(model, images.x).argmax(1) == torch.from_numpy(images.y)
    return float(hit.double().mean())


def make_checkpoints(training: Images, held_out: Images, folder: Path, seed: int) -> None:
    """Train the consortium's model, and write its checkpoints.

    Parameters
    ----------
    training, held_out
        The rows that it is trained on, and those that its accuracy is told on.
    folder
        Receives ``checkpoint-<step>`` folders.
    seed
        Seeds the run.
    """

    def save(step: int, model: nn.Module) -> None:
        target = folder / f"checkpoint-{step}"
        model.save_pretrained(target)  # type: ignore[operator]
        (target / "model.safetensors").chmod(0o644)  # it is written for its owner alone
        preprocessor = json.dumps(PREPROCESSOR, indent=2, sort_keys=True)
        (target / "preprocessor_config.json").write_text(preprocessor + "\n", encoding="utf-8")

    train(training, seed, save)
    models = load_checkpoints(folder)
    print(f"{sum(p.numel() for p in models[-1].parameters())} parameters")
    for number, model in enumerate(models, start=1):
        print(f"checkpoint {number}: held-out accuracy {accuracy(model, held_out):.4f}")


def load_checkpoints(folder: Path) -> list[nn.Module]:
    """Load the checkpoints of a run as a reader of the demo would, ordered by step, to evaluate.

    Parameters
    ----------
    folder
        A folder that holds ``checkpoint-<step>`` folders.
    """
    paths = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    return [AutoModelForImageClassification.from_pretrained(path).eval() for path in paths]
