"""Decode one image file, taking for granted that the file may be hostile.

Sizes are checked from the header, before anything is unpacked. Orientation is applied. Reasons are
told in our own words, since a decoder's message may hold a path.
"""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from dataselect_gui.records.source import UnreadableRecordError

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp"})
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
MAX_PIXELS = 89_478_485
"""Pillow's own limit, a quarter of a GiB of RGB; Pillow itself refuses only above twice that."""
MAX_FILE_BYTES = 1 << 29

# Pillow warns above its limit and refuses above twice that. Our own check below decides.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", message="Palette images with Transparency", category=UserWarning)


def decode_image(stored: bytes) -> Image.Image:
    """Decode the first frame of an image, upright.

    Parameters
    ----------
    stored : bytes
        The whole file.

    Returns
    -------
    Image.Image
        The image in its own mode, detached from the file.

    Raises
    ------
    UnreadableRecordError
        Where the file is no image, is damaged, or is larger than is safe to unpack.
    """
    try:
        with Image.open(io.BytesIO(stored), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise UnreadableRecordError(_too_large(width, height))
            image.load()
            upright = ImageOps.exif_transpose(image)
            return upright if upright is not image else image.copy()
    except UnreadableRecordError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableRecordError(
            f"The image is larger than the {MAX_PIXELS // 10**6} million pixels that are "
            "unpacked: it may be made to exhaust memory."
        ) from None
    except UnidentifiedImageError:
        raise UnreadableRecordError(_not_an_image(stored)) from None
    except MemoryError:
        raise UnreadableRecordError("Unpacking the image takes more memory than there is.") from None
    except Exception:  # A hostile file reaches every corner of a decoder: any fault is its own.
        raise UnreadableRecordError("The image is cut off or damaged.") from None


def _too_large(width: int, height: int) -> str:
    return (
        f"The image has {width:,} × {height:,} pixels, more than the {MAX_PIXELS // 10**6} million "
        "that are unpacked: it may be made to exhaust memory."
    )


def _not_an_image(stored: bytes) -> str:
    start = stored[:256].lstrip().lower()
    if not stored:
        return "The file is empty."
    if start.startswith(b"version https://git-lfs"):
        return "A Git LFS pointer: the image itself was never downloaded."
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "A web page or XML text, not an image."
    if not stored.strip(b"\0"):
        return "The file holds nothing but zeros."
    if start.startswith((b"\xff\xd8", b"\x89png", b"gif8", b"riff")):
        return "The image is cut off or damaged."
    return f"Not an image of a known format ({', '.join(FORMATS)})."
