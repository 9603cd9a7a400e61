"""An array file in a bundle holds arrays that fit into memory, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.releases import failed, rebuild


@pytest.mark.timeout(30)
def test_arrays_that_unpack_to_more_than_memory_are_refused(
    bundle_of: Callable[[str], Path],
) -> None:
    import zipfile

    bundle = bundle_of("floats")
    path = bundle / "data/train/records.npz"
    header = str({"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 4)}).ljust(117) + "\n"
    declared = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("x.npy", "y.npy"):
            archive.writestr(zipfile.ZipInfo(name), declared + bytes(1 << 20))
    rebuild(bundle)
    assert "content" in failed(bundle)


def in_arrays(how: str, path: Path) -> None:
    import io
    import zipfile

    stored, hidden = path.read_bytes(), b"Mrs Smith"
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    match how:
        case "before":
            path.write_bytes(hidden + stored)
        case "behind":
            path.write_bytes(stored + hidden)
        case _:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in sorted(members, reverse=how == "another order"):
                    content = members[name]
                    info = zipfile.ZipInfo(name)
                    if how == "date":
                        info.date_time = (1984, 6, 4, 10, 20, 30)
                    if how == "header":
                        content = content.replace(b"'shape': (", b"'shape'  :(", 1)
                    if how == "header's padding":
                        content = content.replace(b"   \n", b"\n \n\n", 1)
                    if how == "longer header":
                        content = content[:8] + b"\xb6\0" + content[10:127] + b" " * 64 + content[127:]
                    if how == "order of bytes":
                        content = _reversed(content)
                    if how == "order of axes":
                        content = content.replace(
                            b"'fortran_order': False", b"'fortran_order': True ", 1
                        )
                    if how == "wider labels" and name == "y.npy":
                        content = _widened(content)
                    if how == "system":
                        info.create_system = 83
                    if how == "addition":
                        info.extra = b"\xfe\xca" + len(hidden).to_bytes(2, "little") + hidden
                    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                    with archive.open(info, "w", force_zip64=True) as member:  # As NumPy does.
                        member.write(content + (hidden if how == "array" else b""))
                    if how == "between":
                        assert archive.fp is not None
                        archive.fp.write(hidden)
                        archive.start_dir = archive.fp.tell()
                archive.comment = hidden if how == "comment" else b""
                if how == "rights":
                    archive.filelist[0].external_attr = int.from_bytes(b"Mrs ", "little")
            if how == "behind the numbers":
                _pack_more(path, hidden)


def _reversed(content: bytes) -> bytes:
    numbers = content[128:]
    if b"<f4" not in content[:128]:
        return content
    return content[:128].replace(b"<f4", b">f4") + np.frombuffer(numbers, "<f4").astype(">f4").tobytes()


def _widened(content: bytes) -> bytes:
    import io

    labels = np.load(io.BytesIO(content))
    written = io.BytesIO()
    np.save(written, labels.astype("U77"))
    return written.getvalue()


def _pack_more(path: Path, hidden: bytes) -> None:
    """Put bytes behind the packed numbers of the last member, and count them as packed."""
    import zipfile

    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        last = archive.infolist()[-1]
        start = archive.start_dir
    local = content.rindex(b"PK\x03\x04", 0, start)
    changed = bytearray(content[:start] + hidden + content[start:])
    size = last.compress_size + len(hidden)
    # In the member's addition, in the directory, and where the directory starts.
    place = local + 30 + len(last.filename) + 4 + 8
    changed[place : place + 8] = size.to_bytes(8, "little")
    entry = changed.rindex(b"PK\x01\x02")
    changed[entry + 20 : entry + 24] = size.to_bytes(4, "little")
    changed[-6:-2] = (start + len(hidden)).to_bytes(4, "little")
    path.write_bytes(changed)
    assert zipfile.ZipFile(path).testzip() is None


@pytest.mark.parametrize(
    "how",
    [
        "before", "behind", "array", "between", "addition", "comment", "date", "header", "rights",
        "behind the numbers", "header's padding", "longer header", "order of bytes", "order of axes",
        "wider labels", "system", "another order", "nothing",
    ],
)  # fmt: skip
def test_an_array_file_holds_arrays_and_nothing_else(
    bundle_of: Callable[[str], Path], how: str
) -> None:
    bundle = bundle_of("floats")
    in_arrays(how, bundle / "data/train/records.npz")
    rebuild(bundle)
    failures = failed(bundle)
    assert (
        failures & {"content", "metadata"}
        if how != "nothing"
        else not failures & {"content", "metadata"}
    )
