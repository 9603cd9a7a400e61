"""Put a calibration into a request; what a former one computed of rows goes with the former one.

A calibration is recorded with its thresholds: a rule, or a threshold of its own, that states one of
them was made of it. Bounds are not recorded. Beside a former calibration nothing tells those that it
computed from those that a person typed, so where rows are protected, none stays that is not noised
anew.
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import msgspec

from dataselect_gui.checkpoints.calibration import Calibration
from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.checkpoints.request import CALIBRATION, PIXEL_RANGE, REFERENCE, TASK, TRAINING
from dataselect_gui.privacy.amounts import decimal_of
from dataselect_gui.selection.forms import EVERYTHING
from dataselect_gui.texts import _
from dataselect_gui.workflow.request_writing import (
    OWN_FILE,
    CalibrationFound,
    PreparedRequest,
    parts_of,
)

_MAY_BE_OF_ITS_THRESHOLDS = ("rule", "threshold")
_NOT_OF_CLEAN_ROWS = {
    *TRAINING,
    *("epsilon", "score", "count", "contact", "deadline"),
    *(TASK, PIXEL_RANGE, REFERENCE, CALIBRATION),
}


def with_calibration(
    folder: Path, before: JsonObject | None, content: JsonObject, calibrated: CalibrationFound
) -> PreparedRequest:
    """Return a request with a calibration, as it would be written, and what is to be known of it.

    A rule takes the place of the former one, where there is one; bounds are added to those that stay.

    Parameters
    ----------
    folder : Path
        Where it is to be written.
    before : dict or None
        What is there; None for nothing.
    content : dict
        The request that the calibration is put into.
    calibrated : CalibrationFound
        The calibration.
    """
    is_private = calibrated.calibration.privacy is not None
    kept = _without_former(content, is_private=is_private)
    bounds = {score: list(pair) for score, pair in calibrated.bounds.items()}
    made: JsonObject = {CALIBRATION: msgspec.to_builtins(calibrated.calibration)}
    if calibrated.rule is not None:
        made["rule"] = calibrated.rule
    if bounds:
        made["bounds"] = bounds
    whole, stated = kept | made, kept.get("bounds")
    if bounds and isinstance(stated, dict):
        whole["bounds"] = stated | bounds
    prepared = PreparedRequest(folder, before, whole, calibrated)
    gone = sorted(parts_of(content).keys() - parts_of(whole).keys() - {CALIBRATION})
    warnings = [_gone(gone)]
    if is_private:
        warnings += [_not_covered(_typed(kept, made)), _left_beside(prepared)]
    return replace(prepared, warnings=[sentence for sentence in warnings if sentence])


def _without_former(content: JsonObject, *, is_private: bool) -> JsonObject:
    """Return a request without its calibration and what that computed, as far as it can be told."""
    if CALIBRATION not in content:
        return content
    thresholds = _thresholds_of(content[CALIBRATION])
    goes = {
        key
        for key in _MAY_BE_OF_ITS_THRESHOLDS
        if not thresholds.isdisjoint(_numbers(content.get(key)))
    }
    goes |= {CALIBRATION, "bounds"} if is_private else {CALIBRATION}
    return {key: value for key, value in content.items() if key not in goes}


def _thresholds_of(former: object) -> set[Decimal]:
    try:
        scores = msgspec.convert(former, Calibration).scores
    except msgspec.ValidationError:  # No program wrote it so; what stays is named.
        return set()
    return {
        number
        for score in scores.values()
        for its in score.classes.values()
        if (number := decimal_of(str(its.threshold))) is not None
    }


def _numbers(value: object) -> set[Decimal]:
    """Return every number inside a part of JSON; a rule may state them as texts too."""
    match value:
        case dict():
            return set().union(*map(_numbers, value.values()))
        case list():
            return set().union(*map(_numbers, value))
        case bool():
            return set()
        case int() | float() | str():
            number = decimal_of(str(value))
            return set() if number is None else {number}
        case _:
            return set()


def _typed(kept: JsonObject, made: JsonObject) -> list[str]:
    """Return which parts that no calibration made may still be of the clean rows."""
    typed = parts_of(kept).keys() - parts_of(made).keys() - _NOT_OF_CLEAN_ROWS
    if kept.get("rule") == EVERYTHING:
        typed -= {"rule"}
    return sorted(typed)


def _gone(names: list[str]) -> str:
    if not names:
        return ""
    return _(
        "The former calibration made these, or may have made them, so they are left out: {names}.",
        names=", ".join(names),
    )


def _not_covered(names: list[str]) -> str:
    if not names:
        return ""
    return _(
        "ε does not cover what was in the request already: {names}. Take out what was made from these "
        "rows.",
        names=", ".join(names),
    )


def _left_beside(prepared: PreparedRequest) -> str:
    goes_or_comes = {prepared.file, prepared.former_file}
    names = sorted(
        path.name
        for path in prepared.folder.glob("calibration-*.safetensors")
        if OWN_FILE.fullmatch(path.name) and path not in goes_or_comes
    )
    if not names:
        return ""
    return _(
        "Files of earlier calibrations lie beside the request, and ε does not cover them: {names}. Do "
        "not hand them over.",
        names=", ".join(names),
    )
