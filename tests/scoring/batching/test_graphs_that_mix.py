"""A graph that would mix records, by itself or on a trigger in one of them, cannot."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.norms.gradient_norms import BY_FUNCTION
from dataselect_gui.scoring.scorer import Scorer
from tests.checkpoints.exported_files import loaded
from tests.models import export, stir
from tests.oracle import oracle
from tests.scoring.batching.cases import CPU


class Triggered(nn.Module):
    """Behaves on ordinary records, and mixes them as soon as one number of one of them is large."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.exit = nn.Linear(6, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(inputs)
        alarm = torch.relu(inputs[:, :1] - 50)
        if self.kind == "sum":
            return logits + alarm.sum(0)
        if self.kind == "largest":
            return logits + alarm.amax(0, keepdim=True)
        if self.kind == "running sum":
            return logits + alarm.cumsum(0)
        if self.kind == "product":
            return logits + alarm.t().matmul(alarm).mean()
        if self.kind == "neighbour":
            return logits + alarm.roll(1, 0)
        if self.kind == "reversed":
            return logits + alarm.flip(0)
        if self.kind == "attention over the batch":
            return logits + alarm.sum() * ((logits @ logits.t()) @ logits)
        if self.kind == "gradient alone":
            total = alarm.sum(0)
            return logits + inputs[:, :1] * (total - total.detach())
        if self.kind == "in place":
            whole = inputs + 0
            whole[:, 1] += alarm.sum()
            return logits + (whole - inputs)[:, :3]
        if self.kind == "buried in a view":
            return logits + alarm.reshape(1, -1).sum(1)[:, None]
        return logits + torch.where(alarm.any(), logits.mean(0, keepdim=True), 0.0)


TRIGGERED = (
    "sum",
    "largest",
    "running sum",
    "product",
    "neighbour",
    "reversed",
    "attention over the batch",
    "gradient alone",
    "in place",
    "buried in a view",
    "all or none",
)


@pytest.mark.parametrize("kind", TRIGGERED)
def test_a_graph_that_mixes_on_a_trigger_cannot(tmp_path: Path, kind: str) -> None:
    model = stir(Triggered(kind), 0)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 6))
    calm = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    alarmed = calm.copy()
    alarmed[0, 0] = 1000
    targets, names = np.array([0, 1, 2, 0]), ["loss", "el2n", "grad_norm", "plis"]
    written = [model(torch.from_numpy(given)).detach() for given in (calm, alarmed)]
    if kind != "gradient alone":
        assert not torch.equal(written[0][1:], written[1][1:]), "as its authors wrote it, it mixes"
    scorer = Scorer(find_checkpoint(path), names, CPU, "float32")
    actual = [scorer.score(names, given, targets) for given in (calm, alarmed)]
    expected = oracle(model, calm[1:2], [1])
    np.testing.assert_allclose(actual[0]["grad_norm"][1], expected["grad_norm"][0], rtol=1e-5)
    for name in names:
        assert actual[0][name][1:].tobytes() == actual[1][name][1:].tobytes(), name


class Amplified(nn.Module):
    """Makes much of the last digits of everything that a small network computes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.exit = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Linear(64, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.norm(self.conv(inputs)).relu().flatten(1).tanh()
        logits: Tensor = self.exit(hidden)
        return logits + (hidden - hidden.round()).mul(2**30)[:, :3]


@pytest.mark.parametrize("neighbour", [0.0, 1e-42, 1e30, -7.0, float("nan"), float("inf")])
def test_an_amplifier_of_last_digits_finds_nothing_of_a_neighbour(
    tmp_path: Path, neighbour: float
) -> None:
    path = export(tmp_path / "model.pt2", stir(Amplified(), 0), torch.zeros(2, 1, 6, 6))
    names, targets = ["loss", "grad_norm"], np.array([0, 1, 2, 0, 1])
    records = np.random.default_rng(0).standard_normal((5, 1, 6, 6)).astype(np.float32)
    changed = records.copy()
    changed[2] = neighbour
    scorer = Scorer(find_checkpoint(path), names, CPU, "float32")
    actual = [scorer.score(names, given, targets) for given in (records, changed)]
    for name in names:
        kept = [0, 1, 3, 4]
        assert actual[0][name][kept].tobytes() == actual[1][name][kept].tobytes()


class Waves(nn.Module):
    """Takes sines of numbers that a parameter without a rule made."""

    def __init__(self) -> None:
        super().__init__()
        self.least, self.exit = nn.Parameter(-torch.ones(16)), nn.Linear(16, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        waves = torch.maximum(inputs, self.least).sin() + inputs.cos()
        logits: Tensor = self.exit(waves)
        return logits


class Sines(TorchDispatchMode):
    """Notes of how many numbers sines and cosines are taken in one call, wherever it is made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.numbers: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        if func in {torch.ops.aten.sin.default, torch.ops.aten.cos.default}:
            self.numbers.add(args[0].numel())
        return func(*args, **(kwargs or {}))


def test_sines_by_torch_func_are_taken_a_record_at_a_time(tmp_path: Path) -> None:
    path = export(tmp_path / "model.pt2", Waves(), torch.zeros(2, 16))
    targets = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    records = np.random.default_rng(0).uniform(1, 90, (8, 16)).astype(np.float32)
    scorer = Scorer(find_checkpoint(path), ["grad_norm"], CPU, "float32")
    scorer.prepare(records.shape)
    with Sines() as sines:
        scorer.score(["grad_norm"], records, targets)
    assert BY_FUNCTION in scorer.paths.values()
    assert sines.numbers == {16}


class LooksUp(nn.Module):
    """Looks a place up that a record says: for some records, one that is not there."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.exit = kind, nn.Linear(6, 3)
        self.table = nn.Parameter(torch.randn(4, 3))

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(inputs)
        place = inputs[:, 0].abs().long()
        if self.kind == "a row":
            return logits + self.table[place]
        if self.kind == "an embedding":
            return logits + nn.functional.embedding(place, self.table)
        return logits + inputs.gather(1, place[:, None])


@pytest.mark.parametrize("kind", ["a row", "an embedding", "gather"])
def test_a_record_that_looks_up_what_is_not_there_stops_no_other(tmp_path: Path, kind: str) -> None:
    path = export(tmp_path / "model.pt2", stir(LooksUp(kind), 0), torch.zeros(2, 6))
    calm = np.random.default_rng(0).uniform(0, 3, (4, 6)).astype(np.float32)
    alarmed = calm.copy()
    alarmed[0, 0] = 1000
    scorer = Scorer(find_checkpoint(path), ["loss"], CPU, "float32")
    before, after = (scorer.score(["loss"], x, np.array([0, 1, 2, 0]))["loss"] for x in (calm, alarmed))
    assert np.isfinite(before).all()
    assert np.isnan(after[0])
    assert before[1:].tobytes() == after[1:].tobytes()


class Lonely(nn.Module):
    """Does something for which there is no rule: takes numbers by indices on two sides of an axis."""

    def __init__(self) -> None:
        super().__init__()
        self.exit = nn.Linear(6, 3)
        self.places: Tensor
        self.register_buffer("places", torch.tensor([1, 0]))

    def forward(self, inputs: Tensor) -> Tensor:
        taken = inputs.reshape(-1, 2, 3, 1)[:, self.places, :, self.places * 0]
        logits: Tensor = self.exit(taken.permute(1, 0, 2).flatten(1))
        return logits


def test_without_a_rule_the_records_go_one_at_a_time(tmp_path: Path) -> None:
    model = stir(Lonely(), 0)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 6))
    assert not loaded(path).runs_together
    records = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    scorer = Scorer(find_checkpoint(path), ["loss", "grad_norm"], CPU, "float64")
    assert scorer.model.batching == "one at a time"
    actual = scorer.score(["loss", "grad_norm"], records, np.array([0, 1, 2, 0]))
    expected = oracle(model, records, [0, 1, 2, 0])
    for name, values in actual.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-9)


@pytest.mark.parametrize("size", [1, 3])
def test_a_graph_for_a_batch_of_one_is_as_good_as_one_for_any(tmp_path: Path, size: int) -> None:
    model = stir(Triggered("sum"), 0)
    program = torch.export.export(model, (torch.zeros(size, 6),))
    torch.export.save(program, tmp_path / "model.pt2")
    if size > 1:
        with pytest.raises(UnusableError, match="takes batches of 3 alone"):
            loaded(tmp_path / "model.pt2")
        return
    inputs = torch.randn(3, 6)
    torch.testing.assert_close(loaded(tmp_path / "model.pt2")(inputs), model(inputs))
