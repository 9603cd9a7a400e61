"""The clipped gradient sum: exact before the noise, bounded whatever a gradient holds, and released."""

import copy
import json
import shutil
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from safetensors.numpy import load_file

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import (
    DataSelectError,
    RefusedError,
    UnusableError,
    UsageError,
    WorkerDiedError,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.privacy.calibration import gaussian_scale
from dataselect_gui.privacy.noise import add_gaussian
from dataselect_gui.project.project import Project
from dataselect_gui.records.array_frames import array_parts
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.source import Content, SourceRef
from dataselect_gui.release.candidates import Layout
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.sandbox.frames import write_frame
from dataselect_gui.scoring.clipped_sum import ClippedSum, in_steps, layout_of, trained_parameters
from dataselect_gui.scoring.model import Model, load_model
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from dataselect_gui.texts.promises import AFTER_EXACT
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.input_loading import ScoredInputLoader
from dataselect_gui.worker.jobs import ParametersJob, SumJob
from dataselect_gui.worker.parameters_run import run_parameters
from dataselect_gui.worker.reach import reached_places
from dataselect_gui.worker.results import FilesResult, ParametersResult
from dataselect_gui.worker.rows_file import read_rows, write_rows
from dataselect_gui.worker.sum_file import LAYOUT, SUM, TOTAL, read_sum
from dataselect_gui.worker.sum_run import run_sum
from dataselect_gui.workflow.accounts import Account, AccountEntry, marks_of
from dataselect_gui.workflow.gradient_sum import sum_gradients
from tests.helpers import array_file, image_folder, write_image, write_json
from tests.ledgers import Desk
from tests.models import save_member, stir, tiny_plain, tiny_resnet
from tests.norms.unusual_models import Gathered
from tests.oracle import logits_of
from tests.projects import consortium, owner_records, scored_project
from tests.releases import failed, files, is_verified, rebuild, release, told

NORM = 0.5


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consortium")
    save_member(folder, stir(tiny_resnet(), 3))
    write_json(folder / "dataselect.json", {"score": "loss", "threshold": 1.0, "max_grad_norm": NORM})
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels = np.random.default_rng(4).integers(0, 256, (12, 16, 16), dtype=np.uint8)
    return array_file(
        tmp_path_factory.mktemp("records") / "records.npz",
        x=pixels,
        y=np.arange(12) % 3,
        classes=np.array(["bird", "cat", "dog"]),
        patient=np.array([f"patient {row // 3}" for row in range(12)]),
    )


LOSSES = [0.5, 1.5, 2.0] * 4


@pytest.fixture
def project(tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    folder = scored_project(tmp_path / "p.dataselect", source, checkpoint, LOSSES)
    workflow.select_records(folder, workflow.make_rule("loss", threshold="1"))
    return folder


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's job be done in this process, which has torch already."""
    monkeypatch.setattr("dataselect_gui.workflow.gradient_sum.run_job", in_process)


def in_process(job: ParametersJob | SumJob, context: JobContext) -> ParametersResult | FilesResult:
    return run_parameters(job, context) if isinstance(job, ParametersJob) else run_sum(job, context)


in_this_process = pytest.mark.usefixtures("here")


def clipped_sum_of(model: torch.nn.Module, inputs: torch.Tensor, targets: list[int]) -> torch.Tensor:
    """Return Σ clip(∇ cross-entropy) as its definition says."""
    double, logits = logits_of(model)
    total = torch.zeros(sum(p.numel() for p in double.parameters()), dtype=torch.float64)
    for one, target in zip(inputs, targets, strict=True):
        loss = torch.nn.functional.cross_entropy(logits(one[None].double()), torch.tensor([target]))
        gradients = torch.autograd.grad(loss, list(double.parameters()))
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        total += flat * min(1.0, NORM / float(flat.norm()))
    return total


@pytest.mark.parametrize("family", [tiny_plain, tiny_resnet, partial(Gathered, 8)])
def test_the_sum_is_that_of_its_definition(family: Callable[[], torch.nn.Module]) -> None:
    torch.manual_seed(0)
    inner = stir(family(), 1)
    inputs = torch.randn(7, 1, 16, 16, dtype=torch.float64)
    targets = [0, 1, 2, 0, 1, 2, 0]
    summed = ClippedSum(
        Model(copy.deepcopy(inner).double().eval(), 1), SINGLE_LABEL, 3, NORM, CLIP_STEPS
    )
    for one, target in zip(inputs, targets, strict=True):
        summed.add(one[None], np.array([target]))
    expected = clipped_sum_of(inner, inputs, targets).numpy()
    # Rounding towards zero moves each element of each record by less than a step.
    assert np.abs(summed.total * (NORM / CLIP_STEPS) - expected).max() <= 7 * NORM / CLIP_STEPS
    assert sum(np.prod(shape, dtype=int) for _, shape in summed.layout) == len(summed.total)


@given(
    gradient=arrays(
        np.float64,
        st.integers(1, 40),
        elements=st.floats(allow_nan=True, allow_infinity=True, width=64),
    ),
    clip=st.floats(1e-6, 1e6),
    steps=st.sampled_from([1, 7, 1000, CLIP_STEPS]),
)
@settings(max_examples=2000, deadline=None)
def test_no_gradient_leaves_more_than_the_norm(
    gradient: NDArray[np.float64], clip: float, steps: int
) -> None:
    whole = in_steps(gradient, clip, steps)
    assert sum(int(value) ** 2 for value in whole) <= steps**2
    if not np.isfinite(gradient).all():
        assert not whole.any()
    elif np.abs(gradient).max() < clip / len(gradient):
        assert np.abs(whole * (clip / steps) - gradient).max() <= clip / steps * (1 + 1e-9)


def test_long_gradients_keep_the_norm_too() -> None:
    rng = np.random.default_rng(0)
    for size in (10, 1000, 300_000):
        for gradient in (rng.normal(size=size), np.ones(size), rng.standard_cauchy(size)):
            whole = in_steps(gradient * 1e3, 1.0, CLIP_STEPS)
            assert sum(int(value) ** 2 for value in whole) <= CLIP_STEPS**2
            assert np.linalg.norm(whole) > 0.999 * CLIP_STEPS


def asked(**more: object) -> dict[str, Any]:
    return {"kind": "gradient", "delta": "1e-6", **more}


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
    found = np.concatenate([tensors[name].ravel() for name in names])
    sigma = told(tmp_path / "b")["parameters"]["noise"]["value"]["scale_in_steps"] * NORM / CLIP_STEPS
    residual = (found - expected) / sigma
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


def worker_that_says(
    without_records: Layout, with_records: Layout, total: NDArray[np.int64]
) -> Callable[[ParametersJob | SumJob, JobContext], ParametersResult | FilesResult]:
    """Return what stands for the processes of a release: what each says of the parameters."""

    def run(job: ParametersJob | SumJob, _context: JobContext) -> ParametersResult | FilesResult:
        if isinstance(job, ParametersJob):
            return ParametersResult(layout=[(name, list(shape)) for name, shape in without_records])
        with (job.folder / SUM).open("wb") as file:
            write_frame(file, LAYOUT, json.dumps(with_records).encode())
            write_frame(file, TOTAL, *array_parts("sum", total))
        return FilesResult(records=1)

    return run


TRUE: Layout = [("weight", [2, 3]), ("bias", [2])]
HIDDEN = "patient-7-has-it"


@pytest.mark.parametrize(
    ("said", "is_taken"),
    [
        pytest.param(TRUE, True, id="as it is"),
        pytest.param([(HIDDEN, [2, 3]), ("bias", [2])], False, id="a name"),
        pytest.param([("weight", [3, 2]), ("bias", [2])], False, id="a shape"),
        pytest.param([("weight", [2, 3, 1]), ("bias", [2])], False, id="a side more"),
        pytest.param([("bias", [2]), ("weight", [2, 3])], False, id="the order"),
        pytest.param([*TRUE, (HIDDEN, [0])], False, id="an empty tensor more"),
        pytest.param([("weight", [8])], False, id="a tensor less"),
        pytest.param([("weight", [2, 3]), ("weight", [2])], False, id="a name twice"),
    ],
)
def test_a_worker_that_saw_records_hides_nothing_in_the_names_of_parameters(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Layout, is_taken: bool
) -> None:
    """Nor in shapes, order or number: these are what a process without records says."""
    worker = worker_that_says(TRUE, said, np.zeros(8, dtype=np.int64))
    monkeypatch.setattr("dataselect_gui.workflow.gradient_sum.run_job", worker)
    if is_taken:
        release(project, tmp_path / "b", **asked())
        tensors = load_file(tmp_path / "b/data/gradient.safetensors")
        assert {name: t.shape for name, t in tensors.items()} == {"weight": (2, 3), "bias": (2,)}
    else:
        with pytest.raises(WorkerDiedError, match="Summing the gradients came to nothing") as refused:
            release(project, tmp_path / "b", **asked())
        assert HIDDEN not in str(refused.value)
        assert not (tmp_path / "b").exists()
    entries = workflow.ledger(project)[0].entries
    assert any(entry.kind == "reserved" for entry in entries) is is_taken


def test_parameters_are_named_without_reaching_a_record(
    source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    """And a process that sums reaches them."""
    digest = find_checkpoint(checkpoint).digest()
    naming = ParametersJob(checkpoint=checkpoint, digest=digest)
    summing = SumJob(
        source=SourceRef(source),
        checkpoint=checkpoint,
        digest=digest,
        folder=tmp_path / "sum",
        clip=NORM,
        steps=CLIP_STEPS,
        device="cpu",
    )
    for job, is_reached in ((naming, False), (summing, True)):
        with reached_places(job) as (reached, _scratch):
            assert (str(source) in reached.read) is is_reached
            assert str(checkpoint) in reached.read
    silent = JobContext()
    layout = run_job(naming, silent).layout
    model = transformers.AutoModelForImageClassification.from_pretrained(checkpoint)
    assert layout == [(name, list(p.shape)) for name, p in model.named_parameters()]


def test_names_of_parameters_that_repeat_are_no_answer() -> None:
    with pytest.raises(ValueError, match="one name"):
        ParametersResult(layout=[("weight", [2]), ("weight", [3])])


@pytest.mark.parametrize(("share", "is_taken"), [(1.0, True), (1.001, False), (1e9, False)])
def test_a_sum_that_is_longer_than_its_records_can_make_it_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, is_taken: bool
) -> None:
    """Whoever sums may have fallen to the checkpoint, and the noise would not cover it."""
    records = len(workflow.select_records(project, None)[0])

    total = np.array([int(records * CLIP_STEPS * share), 0], dtype=np.int64)
    worker = worker_that_says([("weight", [2])], [("weight", [2])], total)
    monkeypatch.setattr("dataselect_gui.workflow.gradient_sum.run_job", worker)
    if is_taken:
        release(project, tmp_path / "b", **asked())
    else:
        with pytest.raises(WorkerDiedError, match="came to nothing"):
            release(project, tmp_path / "b", **asked())
    entries = workflow.ledger(project)[0].entries
    assert any(entry.kind == "reserved" for entry in entries) is is_taken


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
    assert AFTER_EXACT in told(tmp_path / "b")["assumptions"]
    assert is_verified(tmp_path / "b")


@pytest.mark.parametrize("rule", [{"threshold": "1"}, {"fraction": "0.5"}])
@pytest.mark.parametrize("fault", [WorkerDiedError, UnusableError])
@pytest.mark.parametrize("at", ["the model", "a record"])
def test_a_sum_that_fails_costs_nothing(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[DataSelectError],
    rule: dict[str, str],
    at: str,
) -> None:
    """But for a threshold that was bought: that was drawn, and is there for the next try.

    It is not bought for a model that has no gradient to release.
    """
    workflow.select_records(project, workflow.make_rule("loss", **rule))  # type: ignore[arg-type]
    bought = {"threshold_from": "bought:0.5", "bounds": "0,10"}
    words = asked(**({"threshold_from": "agreed"} if "threshold" in rule else bought))

    jobs: list[SumJob] = []

    def fail(job: ParametersJob | SumJob, context: JobContext) -> ParametersResult | FilesResult:
        if isinstance(job, ParametersJob):
            return run_parameters(job, context)
        jobs.append(job)
        if at == "a record" and "fraction" in rule and len(jobs) == 1:
            assert not read_rows(job.folder).ids  # The model alone is tried before it is bought.
            return run_sum(job, context)
        raise fault("Summing the gradients stopped.", "The model is at fault.", "Release again.")

    opened = Project.open(project)
    Desk(workflow.home()).claim(marks_of(opened))
    before = workflow.ledger(project)[0]
    with monkeypatch.context() as patch:
        patch.setattr("dataselect_gui.workflow.gradient_sum.run_job", fail)
        for _ in range(2):
            with pytest.raises(fault, match="Summing the gradients"):
                release(project, tmp_path / "b", **words)
    after = workflow.ledger(project)[0]
    if "threshold" in rule or at == "the model":
        assert after == before
    else:
        assert [entry.threshold_of for entry in charges(after)] == ["loss"]
    assert not (tmp_path / "b").exists()
    assert not list(project.glob(".sum-*"))
    monkeypatch.setattr("dataselect_gui.workflow.gradient_sum.run_job", in_process)
    done = release(project, tmp_path / "b", **words)
    assert (done.repeated, done.spent) == (False, Decimal(1 if "threshold" in rule else "1.5"))


def charges(account: Account) -> list[AccountEntry]:
    return [entry for entry in account.entries if entry.kind in {"reserved", "training"}]


def test_nothing_is_summed_where_the_ledger_refuses(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_of_the_worker: list[SumJob] = []
    monkeypatch.setattr(
        "dataselect_gui.workflow.gradient_sum.run_job", lambda job, _: asked_of_the_worker.append(job)
    )
    with pytest.raises(RefusedError, match="is left"):
        release(project, tmp_path / "b", **asked(budget="0.5"))
    with pytest.raises(UnusableError, match="is a file"):
        release(project, write_json(tmp_path / "file", []), **asked())
    assert not asked_of_the_worker
    assert not charges(workflow.ledger(project)[0])


@in_this_process
def test_a_gradient_that_was_reserved_and_not_drawn_is_summed_by_its_repeat(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCutError(Exception):
        pass

    def die(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr("dataselect_gui.release.procedure.draw", die)
        with pytest.raises(PowerCutError):
            release(project, tmp_path / "b", **asked(budget="1"))
    done = release(project, tmp_path / "b", **asked(budget="1"))
    assert done.repeated
    assert done.spent == 1
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
        texts = {k: v for k, v in told(to).items() if k not in {"release", "ledger_head", "checkpoint"}}
        texts["parameters"].pop("threshold")
        count = len(workflow.select_records(project, None)[0])
        words = json.dumps(texts).replace('"', " ").replace(",", " ").split()
        assert count in {0, 12} or str(count) not in words
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


@pytest.mark.parametrize("change", ["gone", "other pixels"])
def test_records_are_summed_as_they_were_scored_or_not_at_all(
    tmp_path: Path, checkpoint: Path, change: str
) -> None:
    names = ["bird/1.png", "cat/2.png", "dog/3.png"]
    scans = image_folder(tmp_path / "scans", names)
    project = scored_project(tmp_path / "p.dataselect", scans, checkpoint, [1.0, 2.0, 3.0])
    write_rows(tmp_path, Project.open(project).table.index, range(3))
    job = SumJob(
        source=SourceRef(scans),
        checkpoint=checkpoint,
        digest=find_checkpoint(checkpoint).digest(),
        folder=tmp_path,
        clip=NORM,
        steps=CLIP_STEPS,
        device="cpu",
    )
    assert run_sum(job, JobContext()).records == 3
    if change == "gone":
        (scans / "cat/2.png").unlink()
    else:
        write_image(scans / "cat/2.png", seed=9)
    with pytest.raises(UnusableError, match="A record changed while"):
        run_sum(job, JobContext())


def test_the_norm_must_be_known(tmp_path: Path) -> None:
    source, checkpoint = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium")
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
    with pytest.raises(UsageError, match="norm that gradients are clipped to is missing"):
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
        scales.append(dry.preview.usefulness[3]["width"])
    assert scales[1] == pytest.approx(2 * scales[0])


@in_this_process
@pytest.mark.parametrize("change", ["noise", "metadata", "dtype"])
def test_a_gradient_that_is_not_what_it_says_is_found(
    project: Path, tmp_path: Path, change: str
) -> None:
    from safetensors.numpy import save_file

    release(project, tmp_path / "b", **asked())
    document, path = told(tmp_path / "b"), tmp_path / "b/data/gradient.safetensors"
    if change == "noise":
        document["parameters"]["noise"]["value"]["scale_in_steps"] /= 2
    elif change == "metadata":
        save_file(load_file(path), path, metadata={"records": "7"})
    else:
        save_file({name: t.astype(np.float64) for name, t in load_file(path).items()}, path)
    rebuild(tmp_path / "b", document)
    assert failed(tmp_path / "b") & {"arithmetic", "content"}


def test_noise_on_a_million_parameters_takes_less_than_a_minute() -> None:
    scale = gaussian_scale(Decimal(1), Decimal("1e-6"), (2 * CLIP_STEPS) ** 2)
    started = time.monotonic()
    noise = add_gaussian(np.zeros(100_000, dtype=np.int64), scale)
    assert time.monotonic() - started < 6
    assert noise.std() == pytest.approx(scale, rel=0.02)


def sum_over(project: Path, source: Path, checkpoint: Path, rows: Sequence[int]) -> NDArray[np.int64]:
    """Return the sum of the clipped gradients of some rows, in steps."""
    folder = project.parent / f"sum-{len(list(project.parent.iterdir()))}"
    folder.mkdir()
    write_rows(folder, Project.open(project).table.index, rows)
    job = SumJob(
        source=SourceRef(source),
        checkpoint=checkpoint,
        digest=find_checkpoint(checkpoint).digest(),
        folder=folder,
        clip=NORM,
        steps=CLIP_STEPS,
        device="cpu",
    )
    in_process(job, JobContext())
    model = load_model(find_checkpoint(checkpoint).final, torch.device("cpu"))
    return read_sum(folder, layout_of(trained_parameters(model)))


@pytest.mark.parametrize("label", ["no class", "no label", "another"])
def test_a_record_of_which_nothing_can_be_made_adds_nothing_and_stops_nothing(
    tmp_path: Path, checkpoint: Path, label: str
) -> None:
    """Nor does it change what another one adds."""
    labels = {"no class": "giraffe", "no label": "", "another": "bird"}
    given = ["bird", "cat", "dog", "cat"]
    pixels = np.random.default_rng(4).integers(0, 256, (4, 16, 16), dtype=np.uint8)
    sums = []
    for name, third in (("plain", "dog"), ("other", labels[label])):
        source = array_file(
            tmp_path / f"{name}.npz", x=pixels, y=np.array([*given[:2], third, given[3]])
        )
        project = scored_project(tmp_path / f"{name}.dataselect", source, checkpoint, [1.0] * 4)
        sums.append([sum_over(project, source, checkpoint, rows) for rows in ([0, 1, 3], range(4))])
    (plain_rest, _), (other_rest, other_all) = sums
    np.testing.assert_array_equal(plain_rest, other_rest)
    assert np.array_equal(other_rest, other_all) == (label != "another")


@pytest.mark.parametrize("fault", [StopIteration, MemoryError, RecursionError, KeyError("name")])
def test_a_record_that_a_library_falls_over_adds_nothing_and_stops_nothing(
    tmp_path: Path,
    source: Path,
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
) -> None:
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, LOSSES)
    expected = sum_over(project, source, checkpoint, [0, 2])
    make, made = Preprocessor.__call__, list[object]()

    def falls(preprocessor: Preprocessor, content: Content) -> NDArray[np.float32]:
        made.append(content)
        if len(made) == 3:  # The first is made up.
            raise fault
        return make(preprocessor, content)

    monkeypatch.setattr(Preprocessor, "__call__", falls)
    np.testing.assert_array_equal(sum_over(project, source, checkpoint, [0, 1, 2]), expected)


def test_what_cannot_be_summed_at_all_is_told_before_a_record_is_read(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Still(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(256, 3)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.layer(inputs.flatten(1)).detach()
            return logits

    save_member(tmp_path / "still", stir(Still(), 0))
    project = scored_project(tmp_path / "p.dataselect", source, tmp_path / "still", LOSSES)
    monkeypatch.setattr(ScoredInputLoader, "read", lambda *_: pytest.fail("a record was read"))
    with pytest.raises(UnusableError, match="has no gradient"):
        sum_over(project, source, tmp_path / "still", range(12))
