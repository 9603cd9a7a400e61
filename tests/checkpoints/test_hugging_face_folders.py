"""Hugging Face folders: what a score depends on is in the digest; families and sizes are bounded."""

import contextlib
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.app import main
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.model import load_model
from dataselect_gui.worker.rows_file import write_rows
from dataselect_gui.worker.score_store import ProjectScoreStore
from tests.families import image_model
from tests.helpers import preprocessor, write_json
from tests.models import save_member, stir, tiny_resnet, tiny_vit

CPU = torch.device("cpu")
PICTURE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (20, 30), dtype=np.uint8))


def refusal_of(folder: Path) -> str:
    """Return why a folder is refused when it is found, as `inspect` shows it."""
    with pytest.raises(UnusableError) as caught:
        find_checkpoint(folder)
    return str(caught.value)


def change(path: Path, **stated: Any) -> None:  # noqa: ANN401  (any part of JSON)
    write_json(path, {**json.loads(path.read_text()), **stated})


def outcome(folder: Path) -> tuple[str, bytes]:
    """Return the digest, and what the model makes of a picture; or why there is none."""
    try:
        checkpoint = find_checkpoint(folder)
        model = load_model(checkpoint.final, CPU)
        made = Preprocessor(checkpoint.final, model.channels)(PICTURE)
        with torch.no_grad():
            logits = model(torch.from_numpy(made)[None])
    except UnusableError as error:
        return "refused", str(error).encode()
    return checkpoint.digest(), made.tobytes() + logits.numpy().tobytes()


# What is read is in the digest


OTHER = preprocessor(24, channels=1) | {"image_mean": [0.1], "image_std": [0.2]}
ADAPTER = {"base_model_name_or_path": "elsewhere", "peft_type": "LORA", "r": 2, "lora_alpha": 2}
STRANGERS: dict[str, Callable[[Path], object]] = {
    "processor_config.json": lambda f: write_json(
        f / "processor_config.json", {"image_processor": OTHER, "processor_class": "CLIPProcessor"}
    ),
    "processor_config.json, plain": lambda f: write_json(f / "processor_config.json", OTHER),
    "video_preprocessor_config.json": lambda f: write_json(f / "video_preprocessor_config.json", OTHER),
    "image_processor_config.json": lambda f: write_json(f / "image_processor_config.json", OTHER),
    "generation_config.json": lambda f: write_json(f / "generation_config.json", {"num_labels": 2}),
    "adapter_config.json": lambda f: write_json(f / "adapter_config.json", ADAPTER),
    "adapter_model.safetensors": lambda f: save_file(
        {"classifier.1.weight": torch.ones(3, 8)}, f / "adapter_model.safetensors"
    ),
    "pytorch_model.bin": lambda f: (f / "pytorch_model.bin").write_bytes(b"\x80\x04."),
    "an index": lambda f: write_json(
        f / "model.safetensors.index.json", {"weight_map": {"x": "other.safetensors"}}
    ),
    "another variant": lambda f: save_file(
        load_file(f / "model.safetensors"), f / "model.fp16.safetensors"
    ),
    "code": lambda f: (f / "modeling_resnet.py").write_text("raise SystemExit"),
    "a chat template": lambda f: (f / "chat_template.jinja").write_text("{{ 1 }}"),
    "a sub-folder": lambda f: save_member(f / "unet", stir(tiny_vit(), 0)),
    "quantisation": lambda f: write_json(f / "quantization_config.json", {"quant_method": "awq"}),
    "a tokenizer": lambda f: write_json(f / "tokenizer_config.json", {"processor_class": "X"}),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_another_file_is_refused_or_changes_nothing(folder: Path, kind: str) -> None:
    before = outcome(folder)
    assert before[0] != "refused"
    STRANGERS[kind](folder)
    after = outcome(folder)
    assert after[0] == "refused" or after == before


@pytest.mark.parametrize("name", ["processor_config.json", "adapter_config.json"])
def test_files_that_a_library_would_prefer_are_refused_by_name(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    STRANGERS[name](folder)
    assert name in refusal_of(folder)
    assert main(["inspect", str(folder), "--json"]) == 4
    assert name in json.loads(capsys.readouterr().out)["error"]["what"]


def test_what_is_read_changes_the_digest_and_the_result(folder: Path) -> None:
    """The control of the test above."""
    seen = [outcome(folder)]
    change(folder / "preprocessor_config.json", image_mean=[0.4])
    seen.append(outcome(folder))
    change(folder / "config.json", hidden_act="gelu")
    seen.append(outcome(folder))
    weights = load_file(folder / "model.safetensors")
    weights["classifier.1.bias"] += 1
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    seen.append(outcome(folder))
    assert all(len({state[part] for state in seen}) == 4 for part in (0, 1))


@pytest.mark.parametrize("value", [[0.1], {"image_mean": [0.1]}])
def test_a_config_says_nothing_of_inputs(folder: Path, value: object) -> None:
    before = outcome(folder)
    change(folder / "config.json", image_processor_type="ViTImageProcessor", image_mean=value)
    assert outcome(folder)[0] == "refused" != before[0]


def test_weights_that_change_after_the_digest_are_not_loaded(folder: Path) -> None:
    checkpoint = find_checkpoint(folder)
    known = checkpoint.digest()
    checkpoint.check_digest(known)
    weights = load_file(folder / "model.safetensors")
    weights["classifier.1.bias"] += 1
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(UnusableError, match="changed while it was read"):
        load_model(checkpoint.final, CPU)
    with pytest.raises(UnusableError, match="The checkpoint changed"):
        find_checkpoint(folder).check_digest(known)


def test_json_that_changes_after_it_was_read_changes_nothing(folder: Path) -> None:
    checkpoint = find_checkpoint(folder)
    model = load_model(checkpoint.final, CPU)
    expected = Preprocessor(checkpoint.final, 1)(PICTURE)
    change(folder / "config.json", hidden_act="gelu", model_type="vit")
    change(folder / "preprocessor_config.json", image_mean=[0.4], size={"height": 3, "width": 3})
    again = load_model(checkpoint.final, CPU)
    with torch.no_grad():
        assert torch.equal(model(torch.ones(1, 1, 16, 16)), again(torch.ones(1, 1, 16, 16)))
    np.testing.assert_array_equal(Preprocessor(checkpoint.final, 1)(PICTURE), expected)


def test_a_direction_that_changes_after_the_digest_is_not_read(folder: Path) -> None:
    save_file({"classifier.1.bias": torch.ones(3)}, folder / "d.safetensors")
    write_json(folder / "dataselect.json", {"direction": "d.safetensors"})
    checkpoint = find_checkpoint(folder)
    checkpoint.digest()
    assert checkpoint.read_direction() == (folder / "d.safetensors").read_bytes()
    save_file({"classifier.1.bias": torch.zeros(3)}, folder / "d.safetensors")
    with pytest.raises(UnusableError, match="changed"):
        checkpoint.read_direction()


@pytest.mark.parametrize("job", ["score", "maps"])
def test_the_worker_scores_no_other_checkpoint_than_the_projects(
    folder: Path, tmp_path: Path, job: str
) -> None:
    from dataselect_gui.worker import map_run, score_run
    from dataselect_gui.worker.jobs import MapJob, ScoreJob
    from tests.projects import owner_records, scored_project

    source = owner_records(tmp_path / "records.npz")
    project = Project.open(scored_project(tmp_path / "p.dataselect", source, folder))
    write_rows(tmp_path, project.table.index, [0])
    change(folder / "preprocessor_config.json", image_mean=[0.4])
    common: dict[str, Any] = {
        "digest": project.settings.checkpoint.digest,
        "source": SourceRef(source),
        "checkpoint": folder,
        "device": "cpu",
        "precision": "float32",
    }

    def work() -> object:
        if job == "score":
            scoring = ScoreJob(names=["loss"], batch_size=None, limit=None, **common)
            kept = ProjectScoreStore(project, open_source(SourceRef(source)), scoring)
            return score_run.run(scoring, JobContext(), kept)
        asked: dict[str, Any] = {"folder": tmp_path, "rows": [0], "names": ["plis"]}
        return map_run.run_maps(MapJob(seconds=1, **asked, **common), JobContext())

    with pytest.raises(UnusableError, match="The checkpoint changed"):
        work()


def test_a_folder_as_the_hub_keeps_it_with_links_is_read(folder: Path, tmp_path: Path) -> None:
    linked = tmp_path / "snapshot"
    linked.mkdir()
    for path in folder.iterdir():
        (linked / path.name).symlink_to(path)
    assert outcome(linked) == outcome(folder)


def test_a_tensor_in_two_shards_is_refused(folder: Path) -> None:
    whole = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    save_file(whole, folder / "a.safetensors")
    write_json(folder / "model.safetensors.index.json", {"weight_map": {"x": "a.safetensors"}})
    assert find_checkpoint(folder).final.parameters
    save_file({"classifier.1.bias": torch.ones(3)}, folder / "b.safetensors")
    index = {"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}
    write_json(folder / "model.safetensors.index.json", index)
    assert "another file" in refusal_of(folder)


# Sizes


def header(*entries: tuple[str, object], body: int = 16) -> bytes:
    text = json.dumps(dict(entries)).encode()
    return struct.pack("<Q", len(text)) + text + bytes(body)


def entry(shape: object, offsets: object, dtype: object = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


HEADERS: dict[str, bytes] = {
    "the finding": header(("a", entry([[0], 400000000], [0, 16]))),
    "a list of sides": header(("a", entry([[2], [2]], [0, 16]))),
    "huge sides": header(("a", entry([2**40, 2**40], [0, 16]))),
    "beyond any integer": header(("a", entry([10**27], [0, 16]))),
    "huge and zero": header(("a", entry([2**62, 0], [0, 16]))),
    "negative": header(("a", entry([-2, -2], [0, 16]))),
    "true": header(("a", entry([True, 4], [0, 16]))),
    "a fraction": header(("a", entry([4.0], [0, 16]))),
    "a thousand sides": header(("a", entry([1] * 1000 + [4], [0, 16]))),
    "no dtype": header(("a", {"shape": [4], "data_offsets": [0, 16]})),
    "an unknown dtype": header(("a", entry([16], [0, 16], "F8_E4M3"))),
    "a list of dtypes": header(("a", entry([4], [0, 16], ["F32"]))),
    "another width": header(("a", entry([4], [0, 16], "F64"))),
    "one offset": header(("a", entry([4], [16]))),
    "backwards": header(("a", entry([4], [16, 0]))),
    "out of range": header(("a", entry([8], [0, 32]))),
    "overlapping": header(("a", entry([4], [0, 16])), ("b", entry([4], [0, 16]))),
    "partly overlapping": header(("a", entry([3], [0, 12])), ("b", entry([2], [8, 16]))),
    "a gap": header(("a", entry([1], [0, 4])), ("b", entry([2], [8, 16]))),
    "late": header(("a", entry([3], [4, 16]))),
    "too long": struct.pack("<Q", 2**40) + b"{}",
    "negative length": struct.pack("<q", -1) + b"{}",
    "metadata alone": header(("__metadata__", {"a": "b"})),
    "more keys": header(("a", {**entry([4], [0, 16]), "more": 1})),
    "a name twice": struct.pack("<Q", 124)
    + b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},'
    + b' "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}'
    + bytes(16),
    "nested": header(("a", [[[[[[]]]]]])),
    "deep": struct.pack("<Q", 20000) + b"[" * 10000 + b"]" * 10000,
    "half a character": header(("\ud800", entry([4], [0, 16]))),
    "not a number": struct.pack("<Q", 9) + b'{"a":NaN}',
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_that_the_file_does_not_bear_out_is_refused(folder: Path, kind: str) -> None:
    (folder / "model.safetensors").write_bytes(HEADERS[kind])
    assert "model.safetensors" in refusal_of(folder)
    (folder / "model.safetensors").unlink()
    save_member(folder, stir(tiny_resnet(), 0))
    (folder / "d.safetensors").write_bytes(HEADERS[kind])
    write_json(folder / "dataselect.json", {"direction": "d.safetensors"})
    assert "d.safetensors" in refusal_of(folder)


def test_the_header_of_the_finding_ends_in_a_sentence_as_a_process(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(HEADERS["the finding"])
    done = subprocess.run(
        [sys.executable, "-P", "-m", "dataselect_gui", "inspect", str(folder), "--json"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 4
    assert "damaged" in json.loads(done.stdout)["error"]["what"]


def test_too_many_tensors_are_refused(folder: Path) -> None:
    many = [(str(number), entry([0], [0, 0])) for number in range(100_001)]
    (folder / "model.safetensors").write_bytes(header(*many, body=0))
    assert "more than 100,000 tensors" in refusal_of(folder)


LARGE: dict[str, dict[str, Any]] = {
    "wide": {"hidden_size": 900_000, "num_attention_heads": 2},
    "very wide inside": {"intermediate_size": 1_000_000},
    "deep": {"num_hidden_layers": 1_000_000},
    "a large image": {"image_size": 900_000, "patch_size": 1},
    "many classes": {"id2label": {str(n): f"c{n}" for n in range(200_000)}},
    "many classes by number": {"id2label": None, "label2id": None, "num_labels": 10_000_000},
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_configuration_of_a_larger_model_than_the_file_takes_no_memory(
    tmp_path: Path, kind: str
) -> None:
    save_member(tmp_path, stir(tiny_vit(), 0))
    change(tmp_path / "config.json", **LARGE[kind])
    load_model(find_checkpoint(save(tmp_path / "warm")).final, CPU)
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    with pytest.raises(UnusableError):
        load_model(find_checkpoint(tmp_path).final, CPU)
    assert psutil.Process().memory_info().rss - before < 600 << 20
    assert time.monotonic() - began < 10


def save(folder: Path) -> Path:
    save_member(folder, stir(tiny_resnet(), 0))
    return folder


LOOPS: dict[str, tuple[str, dict[str, Any]]] = {
    "levit": ("levit", {"image_size": 224, "patch_size": 1}),
    "levit, a large image": ("levit", {"image_size": 100_000}),
    "efficientnet": ("efficientnet", {"depth_coefficient": 1e6}),
    "efficientnet, wide": ("efficientnet", {"width_coefficient": 1e6}),
    "resnet": ("resnet", {"depths": [400_000, 400_000]}),
    "swin": ("swin", {"window_size": 1_000_000}),
    "swinv2": ("swinv2", {"window_size": 100_000}),
    "focalnet": ("focalnet", {"focal_levels": [500_000, 1]}),
    "hgnet_v2": ("hgnet_v2", {"stage_num_blocks": [500_000, 1]}),
    "padding": ("poolformer", {"padding": [10_000, 1]}),
    "patches": ("mobilevit", {"patch_size": 100_000}),
    "no patches": ("vit", {"patch_size": 0}),
    "no heads": ("vit", {"num_attention_heads": 0}),
    "negative": ("vit", {"hidden_size": -8, "num_hidden_layers": -1}),
    "words": ("vit", {"hidden_size": "many"}),
    "a fraction": ("vit", {"hidden_size": 8.5}),
}


@pytest.mark.parametrize("kind", LOOPS)
def test_a_configuration_of_any_numbers_ends_soon_and_in_a_sentence(tmp_path: Path, kind: str) -> None:
    name, stated = LOOPS[kind]
    save_member(tmp_path, image_model(name, 0))
    change(tmp_path / "config.json", **stated)
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    with contextlib.suppress(UnusableError):  # Or it is clipped to what the image needs.
        load_model(find_checkpoint(tmp_path).final, CPU)
    assert time.monotonic() - began < 10
    assert psutil.Process().memory_info().rss - before < 600 << 20


def test_far_more_numbers_than_the_architecture_needs_are_not_read(folder: Path) -> None:
    """The file is sparse: what it takes on the disk is next to nothing."""
    shape = 1 << 28
    text = json.dumps({"more": entry([shape], [0, 4 * shape])}).encode()
    write_json(folder / "config.json", json.loads((folder / "config.json").read_text()))
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + 4 * shape)
    before = psutil.Process().memory_info().rss
    with pytest.raises(UnusableError, match="not what its config"):
        load_model(find_checkpoint(folder).final, CPU)
    assert psutil.Process().memory_info().rss - before < 300 << 20


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json"])
@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', "[" * 2000, '{"a":' * 40],
)
def test_json_that_is_not_plain_is_refused(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    assert name in refusal_of(folder)


def test_json_that_is_too_large_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text('{"a": "' + "x" * (17 << 20) + '"}')
    assert "larger than 16 MiB" in refusal_of(folder)
    (folder / "config.json").write_text('{"a": [' + "1," * 2_000_001 + "1]}")
    assert "more than 2,000,000 values" in refusal_of(folder)
