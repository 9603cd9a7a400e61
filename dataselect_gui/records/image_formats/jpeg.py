"""JPEG: the segments that decoding needs, in one fixed form (ITU T.81, annex B)."""

import re
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from dataselect_gui.records.image_formats.bare import MAX_PARTS, BareImage, exif_orientation, too_many
from dataselect_gui.texts import _

SIGNATURE = b"\xff\xd8"
MAX_SCANS = 100
"""Encoders write at most some twenty."""
MAX_SCANNED_PIXELS = 1 << 30
"""Pixels times scans: every scan of a progressive image passes over all of it."""

_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _DAC = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xCC
_APP0, _APP1, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, _DAC}
_SEQUENTIAL, _PROGRESSIVE = frozenset({0xC0, 0xC1}), 0xC2
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# A marker may be led by any number of 0xFF, and decoders skip what stands before it.
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_END_OF_CODED = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class Component(NamedTuple):
    """One component of a frame: its name, its sampling factors, its quantisation table."""

    name: int
    across: int
    down: int
    table: int


class Scan(NamedTuple):
    """One scan.

    Attributes
    ----------
    components : tuple of Component
        Those that it codes.
    quantisation : bytes
        Segments of the tables of those that no earlier scan coded.
    tables : bytes
        Segments of the restart interval and the Huffman tables that changed for it.
    header : bytes
        Its own segment.
    coded : bytes
        The coded data, restart markers included.
    interval : int
        After how many MCUs a restart marker comes; 0 for never.
    """

    components: tuple[Component, ...]
    quantisation: bytes
    tables: bytes
    header: bytes
    coded: bytes
    interval: int


@dataclass
class Jpeg:
    """A JPEG, taken apart.

    Attributes
    ----------
    marker : int
        That of the frame, which says how it is coded.
    width, height : int
        Of the image.
    components : tuple of Component
        Of the frame.
    application : bytes
        The two application segments that decide how colours are read, JFIF and Adobe, each in its
        shortest form.
    scans : list of Scan
        In order. Empty where the coding is neither sequential nor progressive Huffman coding.
    other : bytes
        The segments of such other coding, as they are.
    is_whole : bool
        Whether the end of the image is marked.
    orientation : int
        The EXIF orientation, 1 to 8.
    scan_count : int
        How many scans there are, however coded.
    """

    marker: int = 0
    width: int = 0
    height: int = 0
    components: tuple[Component, ...] = ()
    application: bytes = b""
    scans: list[Scan] = field(default_factory=list)
    other: bytes = b""
    is_whole: bool = False
    orientation: int = 1
    scan_count: int = 0

    @property
    def is_sequential(self) -> bool:
        """Whether it is coded in the usual way: sequentially, by Huffman codes."""
        return self.marker in _SEQUENTIAL

    @property
    def codes_each_component_once(self) -> bool:
        """Whether each component stands in exactly one scan.

        In a sequential file, what a component's later scan codes replaces all of an earlier one.
        """
        names = [component.name for component in self.components]
        coded = [component.name for scan in self.scans for component in scan.components]
        return len(set(names)) == len(names) and sorted(coded) == sorted(names)

    def bare(self) -> BareImage:
        """Return the file that a decoder is given."""
        return BareImage(
            "JPEG", self.content(), self.width, self.height, self._working(), self.orientation
        )

    def content(self, extra: bytes = b"", size: tuple[int, int] | None = None) -> bytes:
        """Return the file, with an extra segment at its beginning, under another size."""
        width, height = size or (self.width, self.height)
        parts = [SIGNATURE, extra, self.application]
        for number, scan in enumerate(self.scans):
            frame = frame_segment(self.marker, width, height, self.components)
            parts += [scan.quantisation, b"" if number else frame, scan.tables, scan.header, scan.coded]
        parts += [self.other, b"\xff\xd9" if self.is_whole else b""]
        return b"".join(parts)

    def _working(self) -> int:
        """Return how much a decoder holds: all coefficients, where scans have to be put together."""
        if self.is_sequential and self.scan_count == 1:
            return 0
        most = max(c.across for c in self.components) * max(c.down for c in self.components)
        blocks = (self.width + 32) * (self.height + 32)
        return sum(2 * blocks * c.across * c.down // most for c in self.components)


def frame_segment(marker: int, width: int, height: int, components: tuple[Component, ...]) -> bytes:
    """Return the segment that says how an image is coded."""
    named = b"".join(bytes([c.name, c.across << 4 | c.down, c.table]) for c in components)
    return segment(marker, struct.pack(">BHHB", 8, height, width, len(components)) + named)


def segment(marker: int, payload: bytes) -> bytes:
    """Return a segment."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def read_jpeg(stored: bytes, most_segments: int = MAX_PARTS) -> Jpeg:
    """Take a JPEG apart.

    Of tables only those are kept that a scan uses, as they are when it begins; of application
    segments those before the first scan that decide how colours are read; nothing else, and nothing
    after the end.

    Raises
    ------
    UnreadableRecordError
        Where it has more segments or scans than an image needs.
    ValueError, IndexError, struct.error
        Where it is damaged.
    """
    return _Reader(stored).read(most_segments)


class _Reader:
    """Reads one file; what a segment changes is kept here until a scan uses it."""

    def __init__(self, stored: bytes) -> None:
        self.stored = stored
        self.jpeg = Jpeg()
        self.quantisation: dict[int, bytes] = {}
        self.huffman: dict[int, bytes] = {}
        self.interval = 0
        self.written: dict[int, bytes] = {}
        self.written_interval = 0
        self.seen: set[int] = set()
        self.other: list[tuple[int, bytes, bytes]] = []
        self.jfif = self.adobe = self.exif = b""

    def read(self, most_segments: int) -> Jpeg:
        jpeg, position, parts = self.jpeg, len(SIGNATURE), 0
        while match := _MARKER.search(self.stored, position):
            marker, position = match[1][0], match.end()
            if marker == _EOI:
                jpeg.is_whole = True
                break
            parts += 1
            if parts > most_segments:
                raise too_many(_("segments"))
            if marker in _ALONE:
                continue
            (length,) = struct.unpack_from(">H", self.stored, position)
            payload = self.stored[position + 2 : position + length]
            if len(payload) + 2 != length:
                raise ValueError("a segment that is shorter than a segment, or longer than the file")
            position += length
            coded = b""
            if marker == _SOS:
                end = _END_OF_CODED.search(self.stored, position)
                after = end.start() if end else len(self.stored)
                coded = self.stored[position:after].rstrip(b"\xff")
                position = after
            self._take(marker, payload, coded)
        if not jpeg.scan_count:
            raise ValueError("no scan")
        if not jpeg.scans:
            jpeg.other = b"".join(
                segment(marker, payload) + coded for marker, payload, coded in self.other
            )
        jpeg.application = self.jfif + self.adobe
        jpeg.orientation = exif_orientation(self.exif)
        return jpeg

    def _take(self, marker: int, payload: bytes, coded: bytes) -> None:
        if _APP0 <= marker <= _APP15 or marker == _COM:
            if not self.jpeg.scan_count:  # Behind the first scan no decoder looks for them.
                self._application(marker, payload)
            return
        self.other.append((marker, payload, coded))
        if marker == _SOS:
            self._scan(payload, coded)
        elif marker in _FRAMES:
            self._frame(marker, payload)
        elif marker in {_DQT, _DHT, _DRI, _DAC}:
            self._table(marker, payload)
        else:
            raise ValueError("a segment of no meaning here")

    def _application(self, marker: int, payload: bytes) -> None:
        if marker == _APP0 and payload.startswith(b"JFIF\0") and len(payload) >= 14:
            self.jfif = segment(_APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        elif marker == _APP1 and payload.startswith(b"Exif\0\0"):
            self.exif = self.exif or payload
        elif marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
            self.adobe = segment(_APP14, b"Adobe\0\x64\0\0\0\0" + payload[11:12])

    def _frame(self, marker: int, payload: bytes) -> None:
        jpeg = self.jpeg
        depth, jpeg.height, jpeg.width, count = struct.unpack_from(">BHHB", payload)
        if jpeg.marker or depth != 8 or len(payload) != 6 + 3 * count or count not in {1, 3, 4}:
            raise ValueError("a frame that no decoder takes")
        jpeg.marker = marker
        jpeg.components = tuple(
            Component(name, sampling >> 4, sampling & 15, table)
            for name, sampling, table in struct.iter_unpack("BBB", payload[6:])
        )
        if not all(1 <= c.across <= 4 and 1 <= c.down <= 4 for c in jpeg.components):
            raise ValueError("a frame that no decoder takes")

    def _table(self, marker: int, payload: bytes) -> None:
        position = 0
        if marker == _DRI:
            (self.interval,) = struct.unpack(">H", payload)
        while marker in {_DQT, _DHT} and position < len(payload):
            name = payload[position]
            if marker == _DQT:
                end = position + (65 if name < 16 else 129)
            else:
                end = position + 17 + sum(payload[position + 1 : position + 17])
            if end > len(payload) or name & 15 > 3 or name >> 4 > 1:
                raise ValueError("a table that no decoder takes")
            if marker == _DQT:
                self.quantisation[name & 15] = payload[position:end]
            else:
                self.huffman[name] = payload[position:end]
            position = end

    def _scan(self, payload: bytes, coded: bytes) -> None:
        jpeg = self.jpeg
        jpeg.scan_count += 1
        passes = jpeg.scan_count * jpeg.width * jpeg.height
        if jpeg.scan_count > MAX_SCANS or (jpeg.scan_count > 1 and passes > MAX_SCANNED_PIXELS):
            raise too_many(_("scans"))
        count = payload[0]
        if not jpeg.marker or not 1 <= count <= 4 or len(payload) != 4 + 2 * count:
            raise ValueError("a scan that no decoder takes")
        if not (jpeg.is_sequential or jpeg.marker == _PROGRESSIVE):
            return
        named = {component.name: component for component in jpeg.components}
        chosen = [(named.get(payload[i]), payload[i + 1]) for i in range(1, 2 * count, 2)]
        start, end, bits = payload[1 + 2 * count :] if not jpeg.is_sequential else (0, 63, 0)
        uses_dc = jpeg.is_sequential or (start == 0 and bits >> 4 == 0)
        uses_ac = jpeg.is_sequential or start > 0
        header, quantisation, tables = bytes([count]), b"", b""
        if self.interval != self.written_interval:
            tables += segment(_DRI, struct.pack(">H", self.interval))
            self.written_interval = self.interval
        components = []
        for component, selectors in chosen:
            if component is None:
                raise ValueError("a scan of a component that the frame lacks")
            components.append(component)
            if component.name not in self.seen:
                self.seen.add(component.name)
                quantisation += self._use(_DQT, component.table, self.quantisation)
            if uses_dc:
                tables += self._use(_DHT, selectors >> 4, self.huffman)
            if uses_ac:
                tables += self._use(_DHT, 0x10 | selectors & 15, self.huffman)
            kept = (selectors & 0xF0 if uses_dc else 0) | (selectors & 0x0F if uses_ac else 0)
            header += bytes([component.name, kept])
        header = segment(_SOS, header + bytes([start, end, bits]))
        jpeg.scans.append(Scan(tuple(components), quantisation, tables, header, coded, self.interval))

    def _use(self, marker: int, name: int, tables: dict[int, bytes]) -> bytes:
        """Return a table's segment, empty where it was written already, or there is none.

        Decoders know the usual Huffman tables by themselves.
        """
        table, slot = tables.get(name, b""), marker << 8 | name
        if self.written.get(slot, b"") == table:
            return b""
        self.written[slot] = table
        return segment(marker, table)
