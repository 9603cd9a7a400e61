"""What a study of arms is given, and what all its results depend on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import msgspec

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds.kind import ToInput
from dataselect_gui.study.arms.plan import ArmChoices
from dataselect_gui.study.arms.records import Records, Strangers, in_length
from dataselect_gui.study.arms.task_results import MIXED_ROWS, MixedRows
from dataselect_gui.study.store import Store, other_study
from dataselect_gui.study.train import RECIPE
from dataselect_gui.texts import _


@dataclass(frozen=True)
class Given:
    """What a study of arms is given.

    Attributes
    ----------
    records : Records
        The owner's.
    clean : Records or None
        Clean rows of the consortium that its model was not trained on.
    rows : Records or None
        Rows of the consortium that are mixed in.
    strangers : Strangers or None
        Records of something else, to be planted.
    checkpoint : Checkpoint
        The consortium's.
    classes : tuple of str
        Their names by index.
    """

    records: Records
    clean: Records | None
    rows: Records | None
    strangers: Strangers | None
    checkpoint: Checkpoint
    classes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        records: Records,
        clean: Records | None,
        rows: Records | None,
        strangers: Strangers | None,
        checkpoint: Checkpoint,
        names: Sequence[str],
        to_input: ToInput,
    ) -> Self:
        """Return it with inputs of one shape, and a name for every class.

        Raises
        ------
        UnusableError
            Where inputs of two sources have different shapes.
        """
        there = [each for each in (records, clean, rows, strangers) if each is not None]
        longest = max(each.inputs.shape[-1] for each in there)
        records = replace(records, inputs=in_length(records.inputs, longest, to_input))
        if clean is not None:
            clean = replace(clean, inputs=in_length(clean.inputs, longest, to_input))
        if rows is not None:
            rows = replace(rows, inputs=in_length(rows.inputs, longest, to_input))
        if strangers is not None:
            strangers = replace(strangers, inputs=in_length(strangers.inputs, longest, to_input))
        for other in (clean, rows, strangers):
            if other is not None and other.inputs.shape[1:] != records.inputs.shape[1:]:
                raise UnusableError(
                    _("The sources do not go together."),
                    _("The checkpoint's processor makes inputs of another size of each."),
                    _("Name sources of the same kind and size."),
                )
        largest = max(int(each.targets.max()) for each in (records, clean, rows) if each is not None)
        classes = tuple(names) or tuple(str(index) for index in range(largest + 1))
        return cls(records, clean, rows, strangers, checkpoint, classes)


def arms_setting(given: Given, choices: ArmChoices, limit: int) -> dict[str, object]:
    """Return what every result of a study of arms depends on."""
    by_request: dict[str, object] = {}
    if choices.by_request:
        calibration = given.checkpoint.request.calibration
        assert calibration is not None
        stated = json.dumps(msgspec.to_builtins(calibration.scores), sort_keys=True)
        by_request["the request's thresholds"] = hashlib.sha256(stated.encode()).hexdigest()
    return {
        **by_request,
        "question": "arms",
        "records": given.records.digest,
        "clean rows": None if given.clean is None else given.clean.digest,
        "foreign records": None if given.strangers is None else given.strangers.digest,
        "checkpoint": given.checkpoint.digest(),
        "most records": limit,
        "start": choices.start,
        "planted": choices.plant,
        "alpha": choices.alpha,
        "rule": list(choices.judged_by),
        "training": RECIPE,
        "seeds of chance": "the numbers of the repetitions, from 0 on",
    }


def check_rows(given: Given, store: Store) -> None:
    """Hold the rows that are mixed in against those of earlier runs, in which there may have been none.

    Raises
    ------
    OtherStudyError
        Where they were others.
    """
    if given.rows is None:
        return
    mixed = MixedRows(given.rows.digest)
    if not store.has(MIXED_ROWS):
        store.write(MIXED_ROWS, mixed)
    elif store.read(MIXED_ROWS, MixedRows) != mixed:
        raise other_study(store.folder)
