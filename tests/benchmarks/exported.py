"""What it costs that a ``.pt2`` graph runs in a form that cannot mix records: norms and scores.

    python -m tests.benchmarks.exported [--batch N] [--pairs N] [--device NAME]

Beside the graph as its authors wrote it, run by PyTorch, in interleaved pairs; ratios are medians.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.norms.cross_entropy import logit_gradients
from dataselect_gui.norms.gradient_norms import GradientNorms
from dataselect_gui.scoring.exported_model import load_exported
from dataselect_gui.scoring.model import Model, choose_device
from tests.benchmarks.models import CLASSES, resnet_groupnorm
from tests.benchmarks.timing import as_in_the_worker
from tests.models import export, stir

Run = Callable[[], object]


def convolutional() -> tuple[nn.Module, tuple[int, ...]]:
    """Return a ResNet with group norm."""
    return resnet_groupnorm(), (3, 32, 32)


def with_batch_norm() -> tuple[nn.Module, tuple[int, ...]]:
    """Return a plain convolutional network with batch norm."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128)):
        layers += [
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, CLASSES)), (3, 32, 32)


class Transformer(nn.Module):
    """Patches, a class token, and PyTorch's own encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 192, 4, stride=4)
        self.token = nn.Parameter(torch.zeros(1, 1, 192))
        self.places = nn.Parameter(torch.zeros(1, 65, 192))
        layer = nn.TransformerEncoderLayer(192, 3, 768, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)
        self.exit = nn.Linear(192, CLASSES)

    def forward(self, inputs: Tensor) -> Tensor:
        tokens = self.patches(inputs).flatten(2).transpose(1, 2)
        tokens = torch.cat((self.token.expand(inputs.shape[0], -1, -1), tokens), dim=1) + self.places
        logits: Tensor = self.exit(self.encoder(tokens)[:, 0])
        return logits


def transformer() -> tuple[nn.Module, tuple[int, ...]]:
    """Return a small vision transformer."""
    return Transformer(), (3, 32, 32)


def table() -> tuple[nn.Module, tuple[int, ...]]:
    """Return a network for rows of a table."""
    sides = (64, 512, 512, 256)
    layers = [
        part
        for inputs, outputs in pairwise(sides)
        for part in (nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.GELU())
    ]
    return nn.Sequential(*layers, nn.Linear(sides[-1], CLASSES)), (64,)


GRAPHS = {
    "convolutions, group norm": convolutional,
    "convolutions, batch norm": with_batch_norm,
    "transformer": transformer,
    "table": table,
}


def norms(model: nn.Module, inputs: Tensor, targets: Tensor, *, twice: bool) -> Run:
    """Return a measurement of gradient norms, or of PLIS beside them."""
    gradients = GradientNorms(model)

    def run() -> object:
        done = gradients.run(inputs, for_inputs=twice, twice=twice)
        if twice:
            return done.susceptibility(lambda logits: logit_gradients(logits, targets))
        return done.measure(logit_gradients(done.logits.detach(), targets))

    return run


def logits(model: nn.Module, inputs: Tensor) -> Run:
    """Return a computation of logits alone, as loss and el2n need it."""

    def run() -> object:
        with torch.no_grad():
            return model(inputs)

    return run


def seconds(run: Run, device: torch.device) -> float:
    """Time a run."""
    began = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def main() -> None:
    """Print the ratios."""
    as_in_the_worker()
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    device = choose_device(asked.device)
    for name, make in GRAPHS.items():
        torch.manual_seed(0)
        network, shape = make()
        with tempfile.TemporaryDirectory() as folder:
            path = export(Path(folder) / "model.pt2", stir(network, 0), torch.randn(2, *shape))
            inner, channels = load_exported(
                Member(path.parent, "exported", (path,), None, {}, None), device
            )
            written = torch.export.load(path).module().to(device)
        assert inner.runs_together, name
        forms = [Model(written, channels), Model(inner, channels)]
        inputs = torch.randn(asked.batch, *shape, device=device)
        targets = torch.arange(asked.batch, device=device) % CLASSES
        works: dict[str, list[Run]] = {
            "logits": [logits(form, inputs) for form in forms],
            "norms": [norms(form, inputs, targets, twice=False) for form in forms],
            "norms and plis": [norms(form, inputs, targets, twice=True) for form in forms],
        }
        for kind, (as_written, apart) in works.items():
            for run in (as_written, apart, as_written, apart):
                run()
            pairs = [(seconds(as_written, device), seconds(apart, device)) for _ in range(asked.pairs)]
            ratio = statistics.median(ours / theirs for theirs, ours in pairs)
            pace = statistics.median(ours for _, ours in pairs)
            print(f"{name}: {kind} {ratio:.2f} of the graph as written, {1000 * pace:.1f} ms")


if __name__ == "__main__":
    main()
