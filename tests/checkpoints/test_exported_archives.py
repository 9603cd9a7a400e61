"""The archive of a .pt2 file, and what running its graph would hold."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.exported_model import load_exported
from dataselect_gui.scoring.graph import ExportedModel
from tests.checkpoints.exported_files import (
    GRAPH,
    OF_STRANGE_FILES,
    WEIGHTS,
    Small,
    loaded,
    read,
    rewritten,
)
from tests.models import export, stir

pytestmark = OF_STRANGE_FILES


def joined(path: Path, folder: Path, change: Callable[[list[zipfile.ZipInfo]], object]) -> Path:
    """Rewrite an archive's directory alone."""
    evil = folder / "model.pt2"
    evil.write_bytes(path.read_bytes())
    with zipfile.ZipFile(evil, "a") as archive:
        change(archive.filelist)
        archive._didModify = True  # type: ignore[attr-defined]
    return evil


def another_name_for_it(members: list[zipfile.ZipInfo]) -> None:
    copy = zipfile.ZipInfo("model/data/weights/weight_7")
    first = members[0]
    copy.header_offset, copy.file_size = first.header_offset, first.file_size
    copy.compress_size, copy.CRC = first.compress_size, first.CRC
    members.append(copy)


def twice(members: list[zipfile.ZipInfo]) -> None:
    members.append(members[0])


def longer(members: list[zipfile.ZipInfo]) -> None:
    members[0].file_size = members[0].compress_size = members[0].file_size + 4000


def beyond_the_end(members: list[zipfile.ZipInfo]) -> None:
    members[-1].file_size = members[-1].compress_size = 1 << 30


def of_two_sizes(members: list[zipfile.ZipInfo]) -> None:
    members[0].file_size += 1 << 30


@pytest.mark.parametrize("change", [another_name_for_it, twice, longer, beyond_the_end, of_two_sizes])
def test_members_that_unpack_to_more_than_the_file_are_refused(
    good: Path, tmp_path: Path, change: Callable[[list[zipfile.ZipInfo]], object]
) -> None:
    with pytest.raises(UnusableError, match=r"overlap|one name|size|not where"):
        read(joined(good, tmp_path, change))


def test_a_member_that_is_not_what_was_stored_is_refused(good: Path, tmp_path: Path) -> None:
    content = bytearray(good.read_bytes())
    with zipfile.ZipFile(good) as archive:
        place = archive.getinfo("model/data/weights/weight_0").header_offset
    content[place + 100] ^= 1
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises(UnusableError, match=r"damaged|not where"):
        read(path)


@pytest.mark.parametrize(
    "meta",
    [
        {"sizes": [{"as_int": 300_000}, {"as_int": 4}]},
        {"sizes": [{"as_int": -3}, {"as_int": 4}]},
        {"strides": [{"as_int": 4}, {"as_int": 4000}]},
        {"strides": [{"as_int": -4}, {"as_int": 1}]},
        {"storage_offset": {"as_int": 1}},
        {"storage_offset": {"as_int": 2**62}},
        {"sizes": [{"as_int": 1 << 28}, {"as_int": 4}], "strides": [{"as_int": 0}, {"as_int": 0}]},
        {"dtype": 8},
        {"dtype": 10},
        {"layout": 1},
    ],
    ids=str,
)
def test_a_tensor_that_reaches_beyond_what_is_stored_is_refused(
    good: Path, tmp_path: Path, meta: dict[str, Any]
) -> None:
    with zipfile.ZipFile(good) as archive:
        content = json.loads(archive.read(WEIGHTS))
    content["config"]["linear.weight"]["tensor_meta"].update(meta)
    evil = rewritten(good, tmp_path, {WEIGHTS: json.dumps(content).encode()})
    with pytest.raises(UnusableError, match="refused"):
        read(evil)


def with_views(good: Path, folder: Path, views: list[tuple[int, int]]) -> Path:
    """Add parameters that lie in the same stored numbers as another, by size and offset."""
    with zipfile.ZipFile(good) as archive:
        graph, weights = json.loads(archive.read(GRAPH)), json.loads(archive.read(WEIGHTS))
    module, first = graph["graph_module"], weights["config"]["linear.weight"]
    values, specs = module["graph"]["tensor_values"], module["signature"]["input_specs"]
    known = next(s for s in specs if s["parameter"]["parameter_name"] == "linear.weight")
    for number, (size, offset) in enumerate(views):
        name, entry = f"view_{number}", json.loads(json.dumps(first))
        entry["tensor_meta"].update(
            sizes=[{"as_int": size}], strides=[{"as_int": 1}], storage_offset={"as_int": offset}
        )
        weights["config"][name] = entry
        spec = json.loads(json.dumps(known))
        spec["parameter"].update(parameter_name=name, arg={"name": f"p_{name}"})
        values[f"p_{name}"] = values[known["parameter"]["arg"]["name"]]
        specs.insert(0, spec)
        module["graph"]["inputs"].insert(0, {"as_tensor": {"name": f"p_{name}"}})
    members = {GRAPH: json.dumps(graph).encode(), WEIGHTS: json.dumps(weights).encode()}
    return rewritten(good, folder, members)


@pytest.mark.parametrize(
    "views",
    [[(11, 1)], [(12, 0)], [(6, 0), (6, 6), (1, 3)], [(11, 0), (11, 1), (10, 1), (10, 2)]],
    ids=str,
)
def test_tensors_that_together_claim_more_than_is_stored_are_refused(
    good: Path, tmp_path: Path, views: list[tuple[int, int]]
) -> None:
    with pytest.raises(UnusableError, match="together they claim more than the file holds"):
        read(with_views(good, tmp_path, views))


def test_parameters_that_share_all_their_numbers_are_one(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.other, self.exit = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)
            self.other.weight = self.first.weight

        def forward(self, inputs: Tensor) -> Tensor:
            logits: Tensor = self.exit(self.other(self.first(inputs)))
            return logits

    model = stir(Tied(), 0)
    tied = loaded(export(tmp_path / "model.pt2", model, torch.zeros(2, 4)))
    assert len(list(tied.parameters())) == len(list(model.parameters())) == 5
    torch.testing.assert_close(tied(torch.ones(2, 4)), model(torch.ones(2, 4)))


class Widening(nn.Module):
    """Makes much of little, of a size of which no memory is to be asked."""

    def __init__(self, kind: str, side: int) -> None:
        super().__init__()
        self.kind, self.side, self.exit = kind, side, nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(inputs)
        summed: Tensor = logits + getattr(self, self.kind)(inputs[:, :1])
        return summed

    def product(self, inputs: Tensor) -> Tensor:
        left = inputs[:, :, None, None, None].expand(-1, self.side, 1, 1, self.side)
        return (left @ left.permute(0, 2, 1, 4, 3)).sum((1, 2, 3, 4))[:, None]

    def outer(self, inputs: Tensor) -> Tensor:
        wide, square = (inputs.new_ones(1).expand(*(self.side,) * rank) for rank in (1, 2))
        operands = [wide, square, square, square]
        summed: Tensor = torch.ops.aten.einsum.default("a,bc,ac,ab->", operands)
        return summed * inputs

    def attention(self, inputs: Tensor) -> Tensor:
        tokens = inputs[:, :, None, None].expand(-1, 2, self.side**2, 4)
        attended = nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)
        return attended[:, 0, 0, :1]

    def convolution(self, inputs: Tensor) -> Tensor:
        image = inputs[:, :, None, None].expand(-1, 16, 2 * self.side, 2 * self.side)
        weight = inputs.new_ones(1, 16, 9, 9)
        return nn.functional.conv2d(image, weight)[:, 0, 0, :1]

    def many(self, inputs: Tensor) -> Tensor:
        kept = [inputs.expand(-1, self.side**2 * 24) + number for number in range(24)]
        return torch.stack([each[:, 0] for each in kept]).sum(dim=0)[:, None]

    def chain(self, inputs: Tensor) -> Tensor:
        square = inputs[:, :1, None].expand(-1, self.side, self.side) / self.side
        for _ in range(120):
            square = square @ square
        return square[:, 0, :1]

    def one_after_the_other(self, inputs: Tensor) -> Tensor:
        for number in range(24):
            inputs = (inputs.expand(-1, self.side**2 * 24) + number)[:, :1] * 1
        return inputs


WIDENING = ["product", "outer", "attention", "convolution", "many"]


@pytest.mark.parametrize("kind", WIDENING)
def test_a_graph_that_holds_too_much_is_refused_before_it_does(tmp_path: Path, kind: str) -> None:
    path = export(tmp_path / "model.pt2", Widening(kind, 1400), torch.zeros(2, 4))
    with pytest.raises(UnusableError, match="million numbers at once"):
        loaded(path)


def test_a_graph_that_takes_too_long_is_refused_before_it_does(tmp_path: Path) -> None:
    path = export(tmp_path / "model.pt2", Widening("chain", 1400), torch.zeros(2, 4))
    with pytest.raises(UnusableError, match="operations"):
        loaded(path)


@pytest.mark.parametrize("kind", [*WIDENING, "chain", "one_after_the_other"])
def test_a_graph_that_holds_less_runs(tmp_path: Path, kind: str) -> None:
    model = stir(Widening(kind, 8), 0)
    inputs = torch.randn(3, 4)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 4))
    torch.testing.assert_close(loaded(path)(inputs), model(inputs))


def test_what_is_no_longer_held_does_not_count(tmp_path: Path) -> None:
    path = export(tmp_path / "model.pt2", Widening("one_after_the_other", 1400), torch.zeros(2, 4))
    program = read(path)
    ExportedModel(program).check_sizes(torch.zeros(1, 4))


def test_a_graph_of_more_bytes_than_any_is_refused_unread(good: Path, tmp_path: Path) -> None:
    evil = rewritten(good, tmp_path, {GRAPH: b"[" + b"[]," * (6 << 20) + b"[]]"})
    with pytest.raises(UnusableError, match="larger than any"):
        read(evil)


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[1, 2]", b"\xff", b"[" * 100_000, b'{"a":' * 100_000],
    ids=["empty", "text", "list", "latin", "deep list", "deep object"],
)
def test_a_graph_that_is_no_json_object_is_refused(good: Path, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnusableError, match=r"model\.pt2"):
        read(rewritten(good, tmp_path, {GRAPH: content}))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises(UnusableError, match="damaged"):
        read(path)


def test_a_cut_off_archive_is_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(good.read_bytes()[:-100])
    with pytest.raises(UnusableError, match=r"model\.pt2"):
        read(path)


def test_a_file_that_changed_since_it_was_hashed_is_not_loaded(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(good.read_bytes())
    member = find_checkpoint(path).final
    load_exported(member, torch.device("cpu"))
    export(path, stir(Small(), 1), torch.zeros(2, 4))
    with pytest.raises(UnusableError, match="changed while it was read"):
        load_exported(member, torch.device("cpu"))
