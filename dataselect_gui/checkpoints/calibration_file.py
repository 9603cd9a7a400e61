"""The safetensors file of a calibration: what is too large for the request.

Tensors by their names:

``means``
    Shape (classes, width), float64, the classes in the checkpoint's order; NaN for a class without one.
``covariance``
    Shape (width, width), float64: that of the features about their class's mean, over all classes.
``direction.<class>.<parameter>``
    The direction of a class, by its index, in the parameter's shape; see `scoring.direction`.
"""

import re
from collections import Counter
from pathlib import Path

from dataselect_gui.checkpoints import refusals
from dataselect_gui.checkpoints.calibration import Calibration
from dataselect_gui.checkpoints.safetensors_header import StoredTensor, read_header
from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _

FILE_NAME = "calibration.safetensors"
MEANS, COVARIANCE = "means", "covariance"
DIRECTION = re.compile(r"direction\.([0-9]{1,6})\.(.+)", re.DOTALL)
WIDEST = 8192
"""Features. A covariance of so many takes half a gigabyte."""
_MOST_MEANS = 1 << 27


def direction_name(index: int, parameter: str) -> str:
    """Return the name of a parameter's tensor in the direction of a class."""
    return f"direction.{index}.{parameter}"


def check_calibration(folder: Path, calibration: Calibration, most_parameters: int) -> None:
    """Hold the header of a calibration's file against what the request says of it.

    Parameters
    ----------
    folder : Path
        That of the request.
    calibration : Calibration
        Which names a file.
    most_parameters : int
        No model of the checkpoint's has more.

    Raises
    ------
    UnusableError
        Where the file is not there, cannot be read, or holds something else.
    """
    assert calibration.file is not None
    path = folder / calibration.file
    if not path.is_file():
        raise UnusableError(
            _("The consortium's calibration is missing."),
            _("The request names “{name}”, and there is no such file beside it.", name=path.name),
            _("Ask the consortium for the whole folder."),
        )
    try:
        tensors = read_header(path)
    except (ValueError, OSError) as error:
        why = str(error) if isinstance(error, ValueError) else _("It cannot be read.")
        raise refusals.damaged(path, why) from None
    if (why_not := _why_not(tensors, calibration, most_parameters)) is not None:
        raise refusals.damaged(path, why_not)


def _why_not(
    tensors: dict[str, StoredTensor], calibration: Calibration, most_parameters: int
) -> str | None:
    sizes = Counter[str]()
    for name, tensor in tensors.items():
        match = DIRECTION.fullmatch(name)
        if match is not None:
            sizes[match[1]] += tensor.elements
        elif name not in {MEANS, COVARIANCE}:
            return _("It holds “{name}”, which is no part of a calibration.", name=name[:200])
    if bool(sizes) != (calibration.directions is not None):
        return _("Whether it holds directions is not what the request says.")
    if sizes and max(sizes.values()) > most_parameters:
        return _("It holds more numbers than the model has parameters.")
    means, covariance = tensors.get(MEANS), tensors.get(COVARIANCE)
    if calibration.features is None:
        is_whole = means is None and covariance is None
        return (
            None if is_whole else _("It holds means or a covariance of which the request does not say.")
        )
    if means is None or covariance is None:
        return _("It lacks the means or the covariance that the request says it holds.")
    width = covariance.shape[0] if covariance.shape else 0
    is_square = covariance.shape == (width, width) and 0 < width <= WIDEST
    if (
        not is_square
        or len(means.shape) != 2
        or means.shape[1] != width
        or means.elements > _MOST_MEANS
    ):
        return _("Its means and its covariance are not of the same features, or of too many.")
    return None
