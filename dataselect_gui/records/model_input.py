"""From a decoded record to the model's input tensor, by the checkpoint's own processor.

The processor is made of reviewed options that were read when the checkpoint was found; the library
looks for no file.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.processors import options_of, processor_name, why_not_of_channels
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.source import Content, Source, UnreadableRecordError
from dataselect_gui.texts import _

_OF_CHANNELS = ("do_normalize", "image_mean", "image_std")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_LARGEST_AREA = 1 << 25
"""Pixels of an image on its way through a processor that keeps its proportions."""
_MARGIN = 1.25
"""How much larger than its stated size a processor may make an image before it cuts it; LeViT's 256/224
is the most, beside what ``crop_pct`` says."""


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

    shapes = None

    def __init__(self, member: Member, channels: int | None) -> None:
        self._channels = channels or 3
        self._processor: Any = None if member.processor is None else _load_processor(member)
        if self._processor is not None:
            # What its file leaves out is the library's, for three channels.
            used = {key: getattr(self._processor, key, None) for key in _OF_CHANNELS}
            if (why := why_not_of_channels(used, self._channels)) is not None:
                raise UnusableError(
                    _("The checkpoint's preprocessor_config.json does not fit its model."),
                    why,
                    _("Ask the consortium for the file that the model is trained with."),
                )

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
                _("The records cannot be made into inputs of the model."),
                _("They are images, and the checkpoint has no preprocessor_config.json that says how."),
                _("Ask the consortium for that file, or give the records as float arrays."),
            )
        if self._largest_area(content) > _LARGEST_AREA:
            raise UnreadableRecordError(_("It is too long and narrow for the checkpoint's processor."))
        mode = _MODES.get(self._channels, "RGB")
        image = content if content.mode == mode else content.convert(mode)
        try:
            batch = self._processor(images=image, return_tensors="np", input_data_format=_last(mode))
        except Exception:  # Any fault of what a stranger's file sets up: it stops no other record.
            raise UnreadableRecordError(_("The checkpoint's processor cannot handle it.")) from None
        pixels: NDArray[np.float32] = np.asarray(batch["pixel_values"][0], dtype=np.float32)
        return pixels

    def notes(self, source: Source, rows: Sequence[int]) -> list[str]:
        """Return nothing: an image is made into an input as its checkpoint says. See `ToInput`."""
        del source, rows
        return []

    def _largest_area(self, image: Image.Image) -> float:
        """Return how many pixels the processor may make of an image before it cuts it."""
        processor, size = self._processor, self._processor.size
        crop = getattr(processor, "crop_pct", None)
        if not (size.shortest_edge or crop or getattr(processor, "do_thumbnail", None)):
            return 0.0  # It stretches every image to one size, whose sides are bounded.
        sides = [side for side in (size.shortest_edge, size.height, size.width) if side]
        shortest, longest = sorted(image.size)
        return float((max(sides) * _MARGIN / (crop or 1)) ** 2 * longest / shortest)


def _last(mode: str) -> str | None:
    # A 3-pixel-high RGB image would otherwise be taken for channels first.
    return None if mode == "L" else "channels_last"


def _load_processor(member: Member) -> Any:  # noqa: ANN401  (the library's classes share no base)
    import transformers

    name = f"{processor_name(member.preprocessing, member.config)}Pil"
    try:
        return getattr(transformers, name)(**options_of(member.preprocessing, member.config))
    except Exception as error:  # Any fault of a stranger's file, from any depth of a library.
        raise UnusableError(
            _("The checkpoint's preprocessor_config.json cannot be used."),
            _(
                "The transformers library does not know what it describes ({error}).",
                error=type(error).__name__,
            ),
            _("Ask the consortium for the file as save_pretrained writes it."),
        ) from error
