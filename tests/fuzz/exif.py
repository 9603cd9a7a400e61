"""EXIF blocks, which several formats of images carry: an orientation, or hostile directories."""

from tests.fuzz.tiff import EXIF, GPS, build, entry
from tests.fuzz.values import SECRET, SIZES, Chance

ORIENTATION = 0x0112


def exif(chance: Chance) -> bytes:
    """Return the content of an EXIF block, without the mark before it."""
    order = chance.choice("<>")
    turned = entry(ORIENTATION, 3, [chance.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65535])], order)
    match chance.randrange(6):
        case 0 | 1:
            return build([turned, entry(0x010F, 2, SECRET + b"\0")], order=order)
        case 2:  # A directory that leads to itself.
            return build(
                [turned, entry(EXIF, 4, [8], order), entry(GPS, 4, [8], order)],
                order=order,
                following=None,
            )
        case 3:
            return build([(ORIENTATION, 3, turned[2], chance.choice(SIZES)), turned], order=order)
        case 4:
            return build(
                [entry(ORIENTATION, chance.choice([2, 5, 7, 12]), bytes(8))] * 5000, order=order
            )
        case _:
            return build([turned, entry(EXIF, 4, [chance.choice(SIZES)], order)], order=order)[
                : chance.randrange(90)
            ]
