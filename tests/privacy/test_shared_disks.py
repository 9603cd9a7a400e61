"""A ledger on a disk of a network is refused: SQLite keeps none safely there."""

from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.privacy.shared_disks import is_on_shared_disk

Disk = namedtuple("Disk", "device mountpoint fstype opts")
Mount = Callable[..., None]


@pytest.fixture
def mount(monkeypatch: pytest.MonkeyPatch) -> Mount:
    """Have the system list disks: mount point → kind, or kind and options."""

    def set_disks(disks: dict[str, str | tuple[str, str]]) -> None:
        listed = []
        for place, kind in disks.items():
            fstype, options = kind if isinstance(kind, tuple) else (kind, "rw")
            listed.append(Disk("disk", place, fstype, options))
        monkeypatch.setattr(psutil, "disk_partitions", lambda all: listed if all else [])  # noqa: A006

    return set_disks


@pytest.mark.parametrize("kind", ["nfs4", "nfs", "cifs", "smb3", "fuse.sshfs", "NTFS"])
def test_a_ledger_on_a_disk_of_a_network_is_refused(tmp_path: Path, mount: Mount, kind: str) -> None:
    options = "rw,remote" if kind == "NTFS" else "rw"
    mount({"/": "ext4", str(tmp_path): (kind, options)})
    with pytest.raises(UnusableError, match="other machines share") as caught:
        Ledger(tmp_path / "home")
    assert "DATASELECT_HOME" in caught.value.do
    assert not (tmp_path / "home").exists()


def test_a_link_onto_a_network_is_followed(tmp_path: Path, mount: Mount) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "share")
    mount({"/": "ext4", str(tmp_path / "share"): "nfs4"})
    with pytest.raises(UnusableError, match="other machines share"):
        Ledger(tmp_path / "home")


def test_the_innermost_disk_decides(tmp_path: Path, mount: Mount) -> None:
    mount({"/": "nfs4", str(tmp_path): "ext4", f"{tmp_path}-share": "cifs"})
    assert not is_on_shared_disk(tmp_path / "home")
    assert is_on_shared_disk(Path(f"{tmp_path}-share") / "home")
    assert is_on_shared_disk(tmp_path.parent)


def test_a_disk_of_this_machine_is_taken(tmp_path: Path) -> None:
    assert not is_on_shared_disk(tmp_path)
    ledger = Ledger(tmp_path / "home")
    with ledger.snapshot():
        assert not (tmp_path / "home").exists()
    with ledger.session():
        assert (tmp_path / "home").is_dir()
