"""What is to be known of a checkpoint and some of the owner's records before a long run."""

import sys
from collections import Counter
from typing import Literal

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import nn

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.norms.gradient_norms import BY_FUNCTION
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.catalog import find_model_score
from dataselect_gui.scoring.graph import ExportedModel
from dataselect_gui.scoring.model import PREFIX
from dataselect_gui.scoring.naive import naive_scores
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.scoring.stopwatch import Stopwatch, Taken
from dataselect_gui.scoring.trial import Trial
from dataselect_gui.tasks.task import Targets
from dataselect_gui.texts import _

UNUSED = "not used"
EXACT = 1e-4
"""How far a score may be from the naive loop, relative to it."""
_CHECKED, _PATIENCE = 3, 4.0
_FEW, _ROUNDS = 8, 3
"""Records of the smallest batch that is timed; how often one is, where there is time for it."""
_LEAST = 1e-9
"""Seconds; a clock of the processor's time may not have moved on."""


def try_on(
    scorer: Scorer,
    checkpoint: Checkpoint,
    names: list[str],
    inputs: InputArray,
    targets: Targets,
) -> Trial:
    """Try a checkpoint on some records.

    Parameters
    ----------
    scorer : Scorer
        Made for the scores.
    checkpoint : Checkpoint
        The consortium's.
    names : list of str
        The scores.
    inputs : ndarray
        Shape (n, …); at least one record.
    targets : ndarray
        As the checkpoint's task has them, one row per record.

    Raises
    ------
    UnusableError
        Where the scores do not agree with the naive loop, or the model does not take the records.
    """
    has_double = scorer.device.type != "mps"
    exact = Scorer(checkpoint, names, scorer.device, "float64") if has_double else scorer
    checked, deviation = _deviation(exact, checkpoint, names, inputs, targets)
    watch = Stopwatch(scorer.device.type)
    need = scorer.need(inputs.shape[1:])
    at_once = need.records_at_once(scorer.device)
    scorer.prepare((at_once, *inputs.shape[1:]))
    to_prepare = watch.taken()
    tried, moved, other_pace = 0, 0, None
    if has_double:
        pace, slow = _paces([scorer, exact], names, inputs, targets, at_once)
        other_pace = slow.alone / pace.alone
        tried = int(np.clip(_PATIENCE / max(slow.now, 1e-6), 1, len(inputs)))
        some = inputs[:tried], targets[:tried]
        moved = _count_off(scorer.score(names, *some), exact.score(names, *some))
    else:
        (pace,) = _paces([scorer], names, inputs, targets, at_once)
    verdict, objections = _dp_training(scorer)
    return Trial(
        parameters=_sizes(scorer),
        by_function=[
            name.removeprefix(PREFIX) for name, path in scorer.paths.items() if path == BY_FUNCTION
        ],
        batching=scorer.model.batching,
        checked=checked,
        deviation=min(deviation, sys.float_info.max),  # JSON has no infinity.
        precision=scorer.precision,
        tried=tried,
        moved=moved,
        float64_pace=other_pace,
        device=scorer.device.type,
        at_once=at_once,
        seconds_to_prepare=to_prepare.alone,
        seconds_per_record=pace.alone,
        busy=max(1.0, pace.now / pace.alone),
        bytes_needed=need.of(at_once) + _held(scorer.device),
        dp_training=verdict,
        dp_objections=objections,
    )


def _deviation(
    scorer: Scorer,
    checkpoint: Checkpoint,
    names: list[str],
    inputs: InputArray,
    targets: Targets,
) -> tuple[int, float]:
    """Hold a few labelled records against the naive loop."""
    outputs = scorer.prepare(inputs.shape)
    usable = scorer.task.is_labelled(targets) & scorer.task.fits(targets, outputs)
    rows = np.flatnonzero(usable)[:_CHECKED]
    if not len(rows):
        return 0, 0.0
    exact = naive_scores(checkpoint, names, inputs[rows], targets[rows])
    scored = scorer.score(list(exact), inputs[rows], targets[rows])
    deviation = 0.0
    for name, values in exact.items():
        is_there = np.isfinite(values)
        off, sizes = np.abs(scored[name] - values)[is_there], np.abs(values[is_there])
        # What is close to zero by chance counts by its size on the whole.
        scale = sizes.max(initial=0.0) if find_model_score(name).is_signed else sizes
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(off == 0, 0.0, off / scale)
        deviation = max(deviation, float(np.nan_to_num(ratios, nan=np.inf).max(initial=0.0)))
    if deviation > EXACT and scorer.precision == "float64":
        raise UnusableError(
            _("The checkpoint's scores cannot be computed exactly."),
            _(
                "On your own records they differ from a plain computation by {deviation:.1e} of their "
                "value: the model does something that the program does not see.",
                deviation=deviation,
            ),
            _("Please report the model's architecture, and score with another checkpoint meanwhile."),
        )
    return len(rows), deviation


def _paces(
    scorers: list[Scorer],
    names: list[str],
    inputs: InputArray,
    targets: Targets,
    at_once: int,
) -> list[Taken]:
    """Return how long a record takes with each scorer, in batches as they will be.

    What is found out of a shape once is not counted. The scorers take turns, so that a machine that
    slows down slows all of them; of the rounds the least counts, since whatever comes between only adds
    to it. Where a batch takes long, batches are smaller and rounds are fewer.
    """

    def taken(scorer: Scorer, size: int) -> Taken:
        rows = np.arange(size) % len(inputs)
        some = inputs[rows], targets[rows]
        scorer.prepare(some[0].shape)
        watch = Stopwatch(scorer.device.type)
        scorer.score(names, *some)
        return watch.taken().per(size)

    size = min(_FEW, at_once)
    rough = taken(scorers[0], size)
    while size < at_once and 2 * size * rough.alone < _PATIENCE:
        size *= 2
    rounds = int(np.clip(_PATIENCE / max(size * rough.now, 1e-6), 1, _ROUNDS))
    rows = [[taken(scorer, size) for scorer in scorers] for _ in range(rounds)]
    return [
        Taken(
            max(_LEAST, min(each.alone for each in column)),
            float(np.median([each.now for each in column])),
        )
        for column in zip(*rows, strict=True)
    ]


def _count_off(single: dict[str, NDArray[np.float64]], exact: dict[str, NDArray[np.float64]]) -> int:
    is_off = np.zeros(len(next(iter(exact.values()))), dtype=bool)
    for name, values in exact.items():
        is_off |= np.abs(single[name] - values) > EXACT * np.abs(values)
    return int(is_off.sum())


def _held(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    return int(psutil.Process().memory_info().rss)


def _dp_training(scorer: Scorer) -> tuple[Literal["yes", "no", "unknown"], list[str]]:
    """Ask Opacus whether the model could be trained with differential privacy as it is."""
    from opacus.validators import ModuleValidator

    model: nn.Module = scorer.model.inner
    if isinstance(model, ExportedModel):  # It has no layers that Opacus could look at.
        mixes = ["BatchNorm"] if any("batch_norm" in name for name in scorer.operations) else []
        return ("no", mixes) if mixes else ("unknown", [])
    was_training = model.training
    try:
        model.train()
        errors = ModuleValidator.validate(model, strict=False)
    finally:
        model.train(was_training)
    objections = {str(error).partition(".")[0] for error in errors}
    return ("no", sorted(objections)) if errors else ("yes", [])


def _sizes(scorer: Scorer) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for name, parameter in scorer.model.named_parameters():
        if parameter.requires_grad:
            sizes[scorer.paths.get(name, UNUSED)] += parameter.numel()
    return dict(sizes.most_common())
