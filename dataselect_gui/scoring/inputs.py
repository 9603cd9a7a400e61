"""From a decoded record to the model's input tensor, by the checkpoint's own processor."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.checkpoints.layout import Member
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.source import Content, UnreadableRecordError

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


class Preprocessor:
    """Makes one input of one record, the same whatever other records there are.

    Parameters
    ----------
    member : Member
        The checkpoint whose processor is used.
    channels : int or None
        How many channels the model takes; three where it does not say.

    Raises
    ------
    UnusableError
        Where the processor's file cannot be used.
    """

    def __init__(self, member: Member, channels: int | None) -> None:
        self._channels = channels or 3
        self._processor: Any = None if member.processor is None else _load_processor(member)

    def __call__(self, content: Content) -> NDArray[np.float32]:
        """Return the input of a record, shape (channels, height, width) for images.

        Raises
        ------
        UnusableError
            Where images need a processor and the checkpoint has none.
        UnreadableRecordError
            Where the processor cannot handle this image.
        """
        if not isinstance(content, Image.Image):
            with np.errstate(over="ignore"):  # The model makes of infinity what it can.
                array = np.asarray(content, dtype=np.float32)
            return array[None] if array.ndim == 2 and self._channels == 1 else array
        if self._processor is None:
            raise UnusableError(
                "The records cannot be made into inputs of the model.",
                "They are images, and the checkpoint has no preprocessor_config.json that says how.",
                "Ask the consortium for that file, or give the records as float arrays.",
            )
        mode = _MODES.get(self._channels, "RGB")
        image = content if content.mode == mode else content.convert(mode)
        try:
            batch = self._processor(images=image, return_tensors="np", input_data_format=_last(mode))
        except (ValueError, ZeroDivisionError):
            raise UnreadableRecordError("The checkpoint's processor cannot handle its size.") from None
        pixels: NDArray[np.float32] = np.asarray(batch["pixel_values"][0], dtype=np.float32)
        return pixels


def _last(mode: str) -> str | None:
    # A 3-pixel-high RGB image would otherwise be taken for channels first.
    return None if mode == "L" else "channels_last"


def _load_processor(member: Member) -> Any:  # noqa: ANN401  (the library's classes share no base)
    from transformers import AutoImageProcessor

    assert member.processor is not None
    try:
        return AutoImageProcessor.from_pretrained(
            member.processor.parent, local_files_only=True, trust_remote_code=False, backend="pil"
        )
    except Exception as error:  # Any fault of a stranger's file, from any depth of a library.
        raise UnusableError(
            "The checkpoint's preprocessor_config.json cannot be used.",
            f"The transformers library does not know what it describes ({type(error).__name__}).",
            "Ask the consortium for the file as save_pretrained writes it.",
        ) from error
