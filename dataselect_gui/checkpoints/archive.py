"""The members of a zip archive from a stranger: each stored once, in a place of its own, as it is.

`zipfile` reads the directory at the archive's end and believes it: two entries may name one place, or
places that overlap, and a small file then unpacks to a large one. Here every member lies where its own
header says, in bytes that no other has, so that all of them together are no larger than the file.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from dataselect_gui.texts import _

_HEADER = struct.Struct("<4s22xHH")
"""A member's own header: a signature, the lengths of its name and of what is added to it."""
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1


class ArchiveError(Exception):
    """The archive is not as it is to be; the words say why."""


class DamagedArchiveError(Exception):
    """The file is no archive, or not as it was written."""


class Archive(Mapping[str, int]):
    """An archive's members: their names, and how many bytes each has.

    Parameters
    ----------
    content : bytes
        What the file holds.

    Raises
    ------
    ArchiveError
        Where two members have one name or share a byte, or one is packed, encrypted or cut off.
    DamagedArchiveError
        Where there is no archive.
    """

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._places: dict[str, tuple[int, int, int]] = {}
        try:
            with io.BytesIO(content) as file, zipfile.ZipFile(file) as archive:
                members = sorted(archive.infolist(), key=lambda member: member.header_offset)
                reached = 0
                for member in members:
                    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & _ENCRYPTED:
                        raise ArchiveError(
                            _("It is packed in a way that torch.export.save never uses.")
                        )
                    if member.filename in self._places:
                        raise ArchiveError(_("Two of its members have one name."))
                    file.seek(member.header_offset)
                    signature, name, added = _HEADER.unpack(file.read(_HEADER.size))
                    start = member.header_offset + _HEADER.size + name + added
                    end = start + member.file_size
                    if signature != _SIGNATURE or file.read(name) != member.orig_filename.encode():
                        raise ArchiveError(_("A member is not where its directory says."))
                    if member.header_offset < reached or end > archive.start_dir:
                        raise ArchiveError(_("Its members overlap."))
                    if member.compress_size != member.file_size:
                        raise ArchiveError(_("A member's size is not what its directory says."))
                    reached = end
                    self._places[member.filename] = start, member.file_size, member.CRC
        except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError):
            raise DamagedArchiveError from None

    def __getitem__(self, name: str) -> int:
        return self._places[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def read(self, name: str) -> bytearray:
        """Return a member's content.

        Raises
        ------
        DamagedArchiveError
            Where it is not the content that was stored.
        """
        start, size, checksum = self._places[name]
        content = bytearray(self._content[start : start + size])
        if len(content) != size or zlib.crc32(content) != checksum:
            raise DamagedArchiveError
        return content
