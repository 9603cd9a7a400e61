"""Recognise disks that several machines share, on which SQLite is not safe.

The ledger's write-ahead log needs memory that all who use it share, and locks that hold: a disk on a
network has neither (https://www.sqlite.org/wal.html, "All processes using a database must be on the
same host computer"; https://www.sqlite.org/howtocorrupt.html, section 2.1).
"""

import os
from pathlib import Path

_ON_A_NETWORK = frozenset(
    {
        *("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs"),
        *("afs", "ncpfs", "vboxsf", "vmhgfs", "fuse.vmhgfs-fuse", "prl_fs"),
        *("ceph", "fuse.ceph", "glusterfs", "fuse.glusterfs", "lustre", "gpfs", "beegfs", "orangefs"),
        *("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs2", "fuse.gvfsd-fuse", "macfuse_sshfs"),
    }
)
"""File systems whose files another machine, or a virtual machine's host, may change too."""


def is_on_shared_disk(folder: Path) -> bool:
    """Say whether a folder, or the one that it would be made in, lies on such a disk.

    Parameters
    ----------
    folder : Path
        Absolute, links resolved.
    """
    import psutil  # The window starts without psutil.

    if str(folder).startswith("\\\\"):  # A share on Windows without a drive letter.
        return True
    disks = {
        disk.mountpoint: disk.fstype.lower() in _ON_A_NETWORK or "remote" in disk.opts.split(",")
        for disk in psutil.disk_partitions(all=True)
    }
    holding = [place for place in disks if _is_within(folder, place)]
    return bool(holding) and disks[max(holding, key=len)]


def _is_within(folder: Path, place: str) -> bool:
    parts, outer = (os.path.normcase(str(path)) for path in (folder, place))
    return parts == outer or parts.startswith(outer.rstrip(os.sep) + os.sep)
