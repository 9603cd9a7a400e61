"""What a model answers for a batch, by the logits that its scores are made of anyway."""

import numpy as np
import torch
from torch import Tensor

from dataselect_gui.tasks.answers import Answers, Standing
from dataselect_gui.tasks.task import Targets, Task


def answers_of(task: Task, logits: Tensor, targets: Targets, places: int) -> Answers:
    """Return what a model answers.

    Parameters
    ----------
    task : Task
        What it predicts.
    logits : Tensor
        Shape (batch, outputs).
    targets : ndarray
        As the task has them, one row per record.
    places : int
        How many classes or numbers of a record are kept.
    """
    logits = logits.cpu()
    answers = Answers.none(len(logits), places)
    classes, numbers = (column[:, :places] for column in task.answers(logits))
    width = classes.shape[1]
    answers.classes[:, :width] = classes.numpy()
    answers.numbers[:, :width] = numbers.float().numpy()
    standings = np.full(len(logits), Standing.NOT_COMPARED, dtype=np.uint8)
    if task.has_right_answers:
        agrees = task.agrees(logits, torch.from_numpy(targets)).numpy()
        is_labelled = task.is_labelled(targets)
        standings[is_labelled] = np.where(agrees[is_labelled], Standing.SAME, Standing.OTHER)
    is_number = logits.isfinite().all(dim=1).numpy()
    is_number &= (np.isfinite(answers.numbers) | (answers.classes < 0)).all(axis=1)
    answers.standings[is_number] = standings[is_number]
    without = np.flatnonzero(~is_number)
    answers.put(without, Answers.none(len(without), places))
    return answers
