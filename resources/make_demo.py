"""Make the demo: local records, and the checkpoints of a consortium to score them with.

A data owner holds images whose labels may be wrong.  A consortium has trained a small image
classifier on other images with DP-SGD and has kept five checkpoints of that one run.  This script
makes both from Fashion-MNIST::

    python resources/make_demo.py --fashion-mnist fashion_mnist.npz --out resources/demo

The input is an ``.npz`` with ``x`` (70000, 28, 28) uint8, ``y`` (70000,) and ``classes`` (the ten
names), the 60,000 training images first and the 10,000 test images after them.  The rows are put
to three uses that do not overlap:

- 0 to 39,999: the consortium's training set;
- 40,000 to 59,999: the data owner's pool, from which 2,000 records are drawn;
- 60,000 to 69,999: the consortium's held-out set (accuracy, and the public threshold).

``--only-records`` skips the training and makes ``records.npz`` alone.
"""

import argparse
import json
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dp_accounting
import numpy as np
import torch
from numpy.typing import NDArray
from opacus import PrivacyEngine
from opacus.utils.batch_memory_manager import BatchMemoryManager
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, TensorDataset
from transformers import AutoModelForImageClassification, BitConfig, BitForImageClassification
from transformers.utils import logging

TRAINING_ROWS = range(0, 40_000)
POOL_ROWS = range(40_000, 60_000)
HELD_OUT_ROWS = range(60_000, 70_000)

SEED = 20_260_101
RECORDS = 2_000
FLIPPED_FRACTION = 0.04
THRESHOLD_ROWS = 2_000
THRESHOLD_QUANTILE = 0.9
CONTACT = "The demo's consortium"

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


def read_fashion_mnist(path: Path) -> Images:
    """Read the whole of Fashion-MNIST.

    Parameters
    ----------
    path
        The ``.npz`` file.

    Returns
    -------
    Images
        All 70,000 rows.
    """
    with np.load(path, allow_pickle=False) as stored:
        x = np.asarray(stored["x"], dtype=np.uint8)
        y = np.asarray(stored["y"], dtype=np.int64)
        classes = tuple(str(name) for name in stored["classes"])
    if x.shape != (70_000, 28, 28) or y.shape != (70_000,) or len(classes) != 10:
        raise ValueError(f"{path} is not Fashion-MNIST: x {x.shape}, y {y.shape}")
    return Images(x, y, classes)


def make_records(pool: Images, seed: int) -> tuple[Images, NDArray[np.bool_]]:
    """Draw the data owner's records and give some of them a wrong label.

    Parameters
    ----------
    pool
        The images to draw from.
    seed
        Seeds the draw, the choice of the records to flip, and their new labels.

    Returns
    -------
    Images
        The records, with the labels that the data owner was given.
    ndarray of bool
        Which labels were flipped.
    """
    rng = np.random.default_rng(seed)
    drawn = pool.rows(rng.choice(len(pool.y), RECORDS, replace=False))
    flipped = np.zeros(RECORDS, dtype=np.bool_)
    flipped[rng.choice(RECORDS, round(FLIPPED_FRACTION * RECORDS), replace=False)] = True
    count = len(pool.classes)
    # Adding 1 to 9 modulo 10 picks each of the nine other classes alike.
    other = (drawn.y + rng.integers(1, count, RECORDS)) % count
    labels = np.where(flipped, other, drawn.y).astype(np.int64)
    return Images(drawn.x, labels, pool.classes), flipped


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


def train(
    images: Images, seed: int, on_checkpoint: Callable[[int, nn.Module], None]
) -> tuple[float, float]:
    """Train one model with DP-SGD and hand over its checkpoints on the way.

    Parameters
    ----------
    images
        The training set.
    seed
        Seeds the initial weights, the Poisson sampling and the noise.
    on_checkpoint
        Called with the step and the model, ``CHECKPOINTS`` times, equally spaced.

    Returns
    -------
    float
        The sample rate.
    float
        The epsilon spent at ``DELTA``, by Opacus's RDP accountant.
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
    sample_rate = 1 / len(loader)
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
    return sample_rate, float(engine.get_epsilon(DELTA))


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


def variance_of_gradients(models: Sequence[nn.Module], images: Images) -> NDArray[np.float64]:
    """Score each image by the variance of gradients (VoG) over the checkpoints.

    With K checkpoints, S_t is the gradient of the given label's logit (before the softmax) with
    respect to the preprocessed input at checkpoint t, averaged over the channels.  The score is
    the mean over the pixels of ``sqrt(1/K * sum_t (S_t - mean(S))**2)``.

    Parameters
    ----------
    models
        The checkpoints of one run, in evaluation mode.
    images
        The images and the labels given to them.

    Returns
    -------
    ndarray
        One score an image, accumulated in float64.
    """
    labels = torch.from_numpy(images.y)
    maps = []
    for model in models:
        parts = []
        batches = torch.split(preprocess(images.x), 500)
        for x, y in zip(batches, torch.split(labels, 500), strict=True):
            pixel_values = x.requires_grad_()
            # No layer mixes the images of a batch, so the gradient of the sum holds one map each.
            total = model(pixel_values=pixel_values).logits.gather(1, y[:, None]).sum()
            (gradient,) = torch.autograd.grad(total, pixel_values)
            parts.append(gradient.double().mean(1))
        maps.append(torch.cat(parts))
    deviation = torch.stack(maps).var(0, correction=0).sqrt()
    return deviation.mean((1, 2)).numpy()


def write_json(path: Path, value: object) -> None:
    """Write ``value`` to ``path`` as indented JSON with sorted keys."""
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_checkpoints(folder: Path) -> list[nn.Module]:
    """Load the checkpoints of a run as a reader of the demo would, ordered by step.

    Parameters
    ----------
    folder
        A folder that holds ``checkpoint-<step>`` folders.

    Returns
    -------
    list of Module
        The models, in evaluation mode.
    """
    paths = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    return [AutoModelForImageClassification.from_pretrained(path).eval() for path in paths]


def make_checkpoints(data: Images, folder: Path, seed: int) -> None:
    """Train the consortium's model, and write its checkpoints and its public facts.

    Parameters
    ----------
    data
        The whole of Fashion-MNIST.
    folder
        Receives ``checkpoint-<step>`` folders and ``dataselect.json``.
    seed
        Seeds the run and the choice of the images behind the threshold.
    """
    if any(folder.glob("checkpoint-*")):
        raise FileExistsError(f"{folder} already holds checkpoints: remove them first")
    held_out = data.rows(HELD_OUT_ROWS)

    def save(step: int, model: nn.Module) -> None:
        target = folder / f"checkpoint-{step}"
        model.save_pretrained(target)  # type: ignore[operator]
        (target / "model.safetensors").chmod(0o644)  # it is written for its owner alone
        write_json(target / "preprocessor_config.json", PREPROCESSOR)

    sample_rate, epsilon = train(data.rows(TRAINING_ROWS), seed, save)
    rdp = epsilon_by_dp_accounting(dp_accounting.rdp.RdpAccountant(), sample_rate)
    pld = epsilon_by_dp_accounting(dp_accounting.pld.PLDAccountant(), sample_rate)
    print(f"epsilon at delta {DELTA}: {epsilon:.4f} (Opacus, RDP),")
    print(f"  {rdp:.4f} (dp_accounting, RDP), {pld:.4f} (dp_accounting, PLD)")
    if abs(rdp / epsilon - 1) > 0.02:
        raise RuntimeError("the two RDP accountants disagree by more than 2 %")

    models = load_checkpoints(folder)
    print(f"{sum(p.numel() for p in models[-1].parameters())} parameters")
    for number, model in enumerate(models, start=1):
        print(f"checkpoint {number}: held-out accuracy {accuracy(model, held_out):.4f}")
    rng = np.random.default_rng(seed)
    public = held_out.rows(rng.choice(len(held_out.y), THRESHOLD_ROWS, replace=False))
    threshold = np.quantile(variance_of_gradients(models, public), THRESHOLD_QUANTILE)
    write_json(
        folder / "dataselect.json",
        {
            "noise_multiplier": NOISE_MULTIPLIER,
            "max_grad_norm": MAX_GRAD_NORM,
            "sample_rate": sample_rate,
            "steps": STEPS,
            "delta": DELTA,
            "epsilon": math.ceil(epsilon * 100) / 100,  # rounded up: never less than was spent
            "score": "vog",
            "threshold": float(f"{threshold:.3g}"),
            "contact": CONTACT,
        },
    )


def report(folder: Path, records: Images, flipped: NDArray[np.bool_], top: int = 200) -> None:
    """Print how many flipped labels lie among the records that score highest.

    Parameters
    ----------
    folder
        The checkpoints and ``dataselect.json``.
    records
        The data owner's records.
    flipped
        Which of their labels were flipped.
    top
        How many of the highest scores to look at.
    """
    models = load_checkpoints(folder)
    logits = logits_of(models[-1], records.x)
    labels = torch.from_numpy(records.y)
    one_hot = F.one_hot(labels, len(records.classes))
    scores = {
        "vog": variance_of_gradients(models, records),
        "el2n": (logits.softmax(1) - one_hot).norm(dim=1).numpy(),
        "loss": F.cross_entropy(logits, labels, reduction="none").numpy(),
    }
    for name, score in scores.items():
        highest = np.argsort(-score, kind="stable")[:top]
        print(f"{name}: {flipped[highest].sum()} of {flipped.sum()} flipped in the top {top}")
    threshold = json.loads((folder / "dataselect.json").read_text(encoding="utf-8"))["threshold"]
    above = scores["vog"] > threshold
    print(f"vog above {threshold}: {above.sum()} records, {flipped[above].sum()} of them flipped")


def main(argv: Sequence[str] | None = None) -> None:
    """Make the demo.

    Parameters
    ----------
    argv
        The arguments, without the program's name; those of the process where None.
    """
    parser = argparse.ArgumentParser(description="Make the demo's records and checkpoints.")
    parser.add_argument("--fashion-mnist", type=Path, required=True, help="Fashion-MNIST as .npz")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--seed", type=int, default=SEED, help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch; default: %(default)s")
    parser.add_argument("--only-records", action="store_true", help="do not train")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", message="Secure RNG turned off")
    warnings.filterwarnings("ignore", message="Full backward hook is firing")
    warnings.filterwarnings("ignore", message="Optimal order is the")

    data = read_fashion_mnist(arguments.fashion_mnist)
    records, flipped = make_records(data.rows(POOL_ROWS), arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        arguments.out / "records.npz",
        x=records.x,
        y=records.y,
        classes=np.array(records.classes),
        flipped=flipped,
    )
    if not arguments.only_records:
        folder = arguments.out / "checkpoint"
        folder.mkdir(exist_ok=True)
        make_checkpoints(data, folder, arguments.seed)
        report(folder, records, flipped)


if __name__ == "__main__":
    main()
