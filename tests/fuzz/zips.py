"""Zip archives written member by member, so that what they say of themselves can be untrue."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, replace

from tests.fuzz.values import SECRET, SIZES, TEXTS, Chance, edit_bytes


@dataclass(frozen=True)
class Member:
    """A member, and what the archive says of it where that is not so."""

    name: bytes
    content: bytes
    method: int = 0
    flags: int = 0
    size: int | None = None
    packed_size: int | None = None
    check: int | None = None
    local_name: bytes | None = None
    extra: bytes = b""
    behind: bytes = b""
    same_as: int | None = None
    """The number of the member whose place the directory gives for this one."""


def read_members(content: bytes) -> list[Member]:
    """Return the members of an archive, unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [Member(info.filename.encode(), archive.read(info)) for info in archive.infolist()]


def write_members(
    members: list[Member], comment: bytes = b"", before: bytes = b"", count: int | None = None
) -> bytes:
    """Write an archive as its members say."""
    body, places, directory = bytearray(before), [], bytearray()
    for member in members:
        if member.same_as is not None and places:
            places.append(places[member.same_as % len(places)])
            continue
        packed = _packed(member)
        places.append((len(body), packed))
        body += b"PK\x03\x04" + _fields(member, packed, member.local_name or member.name)
        body += (member.local_name or member.name) + member.extra + packed + member.behind
    for member, (at, packed) in zip(members, places, strict=True):
        directory += b"PK\x01\x02\x14\x00" + _fields(member, packed, member.name)
        directory += struct.pack("<HHHII", 0, 0, 0, 0, at & 0xFFFFFFFF) + member.name + member.extra
    number = len(members) if count is None else count
    end = struct.pack(
        "<HHHHIIH", 0, 0, number & 0xFFFF, number & 0xFFFF, len(directory), len(body), len(comment)
    )
    return bytes(body) + bytes(directory) + b"PK\x05\x06" + end + comment


def _packed(member: Member) -> bytes:
    if member.method != 8:
        return member.content
    packer = zlib.compressobj(6, wbits=-15)
    return packer.compress(member.content) + packer.flush()


def _fields(member: Member, packed: bytes, name: bytes) -> bytes:
    check = zlib.crc32(member.content) if member.check is None else member.check
    packed_size = len(packed) if member.packed_size is None else member.packed_size
    size = len(member.content) if member.size is None else member.size
    return struct.pack(
        "<HHHHHIIIHH", 20, member.flags, member.method, 0, 33, check, packed_size & 0xFFFFFFFF, size & 0xFFFFFFFF,
        len(name), len(member.extra),
    )  # fmt: skip


def mutate_members(members: list[Member], chance: Chance) -> bytes:
    """Write an archive with a few of its members changed, or told untruly."""
    members = list(members)
    comment, before, count = b"", b"", None
    for _ in range(chance.choice([1, 1, 2])):
        if not members:
            break
        at = chance.randrange(len(members))
        member = members[at]
        match chance.randrange(17):
            case 0:
                members[at] = replace(member, content=edit_bytes(member.content, chance))
            case 1:
                members[at] = replace(member, size=chance.choice(SIZES))
            case 2:
                members[at] = replace(member, packed_size=chance.choice(SIZES))
            case 3:
                members[at] = replace(member, check=chance.choice(SIZES))
            case 4:
                members[at] = replace(member, name=_name(member.name, chance))
            case 5:
                members[at] = replace(member, local_name=_name(member.name, chance))
            case 6:
                members[at] = replace(member, flags=chance.choice([1, 8, 0x41, 0x800, 0xFFFF]))
            case 7:
                members[at] = replace(
                    member, method=chance.choice([1, 6, 8, 9, 12, 14, 93, 95, 99, 65535])
                )
            case 8:
                extra = b"\xfe\xca" + struct.pack("<H", len(SECRET)) + SECRET
                wide = b"\x01\x00" + struct.pack("<HQQ", 16, 1 << 62, 1 << 62)
                members[at] = replace(
                    member, extra=chance.choice([extra, wide, b"\x01\x00\xff\xff", b"\x01"])
                )
            case 9:
                members[at] = replace(member, behind=chance.choice([SECRET, bytes(100)]))
            case 10:
                members.append(member)
            case 11:
                members.append(replace(member, content=edit_bytes(member.content, chance)))
            case 12:
                members += [replace(member, same_as=at)] * chance.choice([1, 3, 400])
            case 13:
                del members[at]
            case 14:
                comment = SECRET * chance.choice([1, 500])
            case 15:
                before = chance.choice([SECRET, bytes(1000)])
            case _:
                count = chance.choice([0, 1, 65535, len(members) + 1])
    written = write_members(members, comment, before, count)
    return edit_bytes(written, chance) if chance.random() < 0.05 else written


def _name(name: bytes, chance: Chance) -> bytes:
    folder, _, last = name.rpartition(b"/")
    text = chance.choice(TEXTS).encode("utf-8", "surrogatepass")[:60_000]
    return chance.choice([text, folder + b"/" + text, folder + b"/../" + last, b"/" + name, name + b"/", name[1:], name + b"\0x", name.upper(), b"\xff" + name])  # fmt: skip
