"""A released gradient is near the truth, charged once, and found out where it is not what it says."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import (
    UsageError,
)
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.texts.promises import AFTER_EXACT
from dataselect_gui.workflow.gradient_sum import sum_gradients
from tests.projects import consortium, owner_records, scored_project
from tests.release.gradient.summing import LOSSES, NORM, asked, clipped_sum_of, in_this_process
from tests.releases import document_of, failed, files, is_verified, rebuild, release

pytestmark = pytest.mark.usefixtures("home")


def test_a_gradient_is_released_near_the_truth(
    project: Path, tmp_path: Path, source: Path, checkpoint: Path
) -> None:
    done = release(project, tmp_path / "b", **asked(epsilon="300", budget="300"))
    assert done.epsilon == "300"
    assert is_verified(tmp_path / "b")
    tensors = load_file(tmp_path / "b/data/gradient.safetensors")
    from dataselect_gui.records.model_input import Preprocessor
    from dataselect_gui.records.opening import open_source
    from dataselect_gui.records.source import SourceRef
    from dataselect_gui.scoring.model import load_model

    member = find_checkpoint(checkpoint).final
    model = load_model(member, torch.device("cpu"))
    preprocess, records = Preprocessor(member, 1), open_source(SourceRef(source))
    rows = [int(r) for r in workflow.select_records(project, None)[0]]
    assert 0 < len(rows) < 12
    inputs = torch.stack(
        [torch.from_numpy(preprocess(records.kind.decode(records.read(row)))) for row in rows]
    )
    expected = clipped_sum_of(model, inputs, [row % 3 for row in rows]).numpy()
    names = [name for name, parameter in model.inner.named_parameters() if parameter.requires_grad]
    assert tensors.keys() == set(names)
    released = np.concatenate([tensors[name].ravel() for name in names])
    sigma = (
        document_of(tmp_path / "b")["parameters"]["noise"]["value"]["scale_in_steps"]
        * NORM
        / CLIP_STEPS
    )
    residual = (released - expected) / sigma
    assert np.abs(residual).max() < 6
    assert residual.std() == pytest.approx(1, abs=0.15)


@in_this_process
def test_the_same_again_is_the_same_noise_and_sums_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = release(project, tmp_path / "one", **asked())

    def fail(*_: object) -> None:
        raise AssertionError("the worker was asked again")

    monkeypatch.setattr("dataselect_gui.workflow.releasing.sum_gradients", fail)
    second = release(project, tmp_path / "two", **asked())
    assert second.repeated
    assert second.spent == first.spent
    assert files(tmp_path / "one") == files(tmp_path / "two")


@in_this_process
def test_what_was_released_while_it_was_summed_is_stated(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is unlocked meanwhile, and another project of the same records may come between."""
    other = Path(shutil.copytree(project, tmp_path / "other.dataselect"))
    exact = {"mechanism": "exact", "epsilon": None, "acknowledge_exact": True, "reason": "agreed"}
    inside = partial(release, other, tmp_path / "exact", **exact)

    def meanwhile(*given: Any) -> object:  # noqa: ANN401
        inside()
        return sum_gradients(*given)

    monkeypatch.setattr("dataselect_gui.workflow.releasing.sum_gradients", meanwhile)
    release(project, tmp_path / "b", **asked())
    assert AFTER_EXACT in document_of(tmp_path / "b")["assumptions"]
    assert is_verified(tmp_path / "b")


@in_this_process
def test_how_many_records_were_summed_is_nowhere(project: Path, tmp_path: Path) -> None:
    sizes = []
    for threshold in ("1", "0", "100"):
        workflow.select_records(project, workflow.make_rule("loss", threshold=threshold))
        to = tmp_path / f"at {threshold}"
        release(project, to, **asked(threshold_from="agreed", budget="10"))
        assert is_verified(to)
        sizes.append({name: len(text) for name, text in files(to).items() if name.startswith("data")})
        texts = {
            k: v
            for k, v in document_of(to).items()
            if k not in {"release", "ledger_head", "checkpoint"}
        }
        texts["parameters"].pop("threshold")
        count = len(workflow.select_records(project, None)[0])
        parts = json.dumps(texts).replace('"', " ").replace(",", " ").split()
        assert count in {0, 12} or str(count) not in parts
    assert sizes[0] == sizes[1] == sizes[2]
    assert not list(project.glob(".sum-*"))


@in_this_process
def test_a_threshold_that_depends_on_the_records_is_refused(project: Path, tmp_path: Path) -> None:
    workflow.select_records(project, workflow.make_rule("loss", count=4))
    with pytest.raises(UsageError, match="needs a public threshold"):
        release(project, tmp_path / "b", **asked())
    done = release(project, tmp_path / "b", **asked(threshold_from="bought:0.5", bounds="0,10"))
    assert done.epsilon == "1.5"
    assert is_verified(tmp_path / "b")


def test_the_norm_must_be_known(tmp_path: Path) -> None:
    source, checkpoint = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium")
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
    with pytest.raises(UsageError, match="how much one record can add at most"):
        release(project, tmp_path / "b", **asked())


def test_a_gradient_of_people_has_m_times_the_noise(
    tmp_path: Path, source: Path, checkpoint: Path
) -> None:
    scales = []
    for max_contributions in (1, 2):
        project = scored_project(
            tmp_path / f"{max_contributions}.dataselect",
            source,
            checkpoint,
            LOSSES,
            unit_column="patient",
        )
        workflow.select_records(project, workflow.make_rule("loss", threshold="1"))
        dry = release(
            project, tmp_path / "b", **asked(max_contributions=max_contributions, dry_run=True)
        )
        assert dry.preview is not None
        assert dry.preview.usefulness is not None
        scales.append(dry.preview.usefulness[3]["width"])
    assert scales[1] == pytest.approx(2 * scales[0])


@in_this_process
@pytest.mark.parametrize("change", ["noise", "metadata", "dtype"])
def test_a_gradient_that_is_not_what_it_says_is_found(
    project: Path, tmp_path: Path, change: str
) -> None:
    from safetensors.numpy import save_file

    release(project, tmp_path / "b", **asked())
    document, path = document_of(tmp_path / "b"), tmp_path / "b/data/gradient.safetensors"
    if change == "noise":
        document["parameters"]["noise"]["value"]["scale_in_steps"] /= 2
    elif change == "metadata":
        save_file(load_file(path), path, metadata={"records": "7"})
    else:
        save_file({name: t.astype(np.float64) for name, t in load_file(path).items()}, path)
    rebuild(tmp_path / "b", document)
    assert failed(tmp_path / "b") & {"arithmetic", "content"}
