"""Prepare a request: see what would be written, what stays and what goes, before it is written."""

from collections.abc import Mapping
from pathlib import Path

from dataselect_gui.checkpoints.layout import request_folder
from dataselect_gui.paths import resolved
from dataselect_gui.workflow.former_calibration import with_calibration
from dataselect_gui.workflow.request_writing import (
    CalibrationFound,
    PreparedRequest,
    request_content,
    write_prepared,
)
from dataselect_gui.workflow.requesting import RequestChecked, check_request, value_of


def prepare_request(
    checkpoint: Path, keys: Mapping[str, object], calibrated: CalibrationFound | None
) -> PreparedRequest:
    """Return a request as it would be written; what is wrong with it is among its `faults`.

    Parameters
    ----------
    checkpoint : Path
        Where it belongs.
    keys : mapping
        Key → its value; None takes the key away. Others stay as they are.
    calibrated : CalibrationFound or None
        A calibration to write with it.

    Raises
    ------
    UnusableError
        Where the request that is there cannot be read.
    """
    folder = request_folder(resolved(checkpoint))
    before = request_content(folder)
    content = {k: v for k, v in (before or {}).items() if k not in keys}
    content |= {k: v for k, v in keys.items() if v is not None}
    if calibrated is None:
        return PreparedRequest(folder, before, content)
    return with_calibration(folder, before, content, calibrated)


def write_request(prepared: PreparedRequest, checkpoint: Path) -> RequestChecked:
    """Write what was prepared, and return what is to be known of it.

    Raises
    ------
    UnusableError
        Where another program changed the request meanwhile, or the disk refuses.
    """
    write_prepared(prepared)
    return check_request(checkpoint)


def typed_value(text: str) -> object:
    """Return what a person typed as the value of a key, as the terminal reads it; None for nothing."""
    return value_of(text) if text.strip() else None
