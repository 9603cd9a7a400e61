"""A worker that was taken over, and tries what it should not be able to do; see ``test_sandbox.py``.

``python -m tests.planted JSON`` takes what there is to attack, and writes for every way and attempt
whether it succeeded. It confines itself first where it was given a grant; without one it is the
control. Its parent is ``python -m tests.planted --parent FILE``: it holds a secret in its memory.
"""

import contextlib
import ctypes
import fcntl
import json
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECRET = b"what the parent knows, and nobody else"
RAW = """
long raw(long n, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                     "r"(r9) : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#endif
}
"""
_NUMBERS = {
    "socket": (41, 198),
    "connect": (42, 203),
    "sendto": (44, 206),
    "openat": (257, 56),
    "write": (1, 64),
    "truncate": (76, 45),
    "fchmodat": (268, 53),
    "renameat2": (316, 276),
    "linkat": (265, 37),
    "unlinkat": (263, 35),
    "kill": (62, 129),
    "rt_sigqueueinfo": (129, 138),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "prlimit64": (302, 261),
    "shmget": (29, 194),
    "inotify_init1": (294, 26),
    "memfd_create": (319, 279),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "userfaultfd": (323, 282),
    "unshare": (272, 97),
    "execve": (59, 221),
    "clone": (56, 220),
    "clone3": (435, 435),
    "exit": (60, 93),
    "wait4": (61, 260),
}
_HERE = -100


class World:
    """What there is to attack.

    Parameters
    ----------
    stated : dict
        ``port`` of TCP and ``udp`` of UDP on this machine, ``unix`` and ``abstract`` addresses;
        ``secret``, a file in a home; ``project``, a folder that may be written, and ``beside``, which
        may not; ``parent`` and the ``address`` of its secret; ``library``, native code, or none.
    """

    def __init__(self, stated: dict[str, Any]) -> None:
        self.port, self.udp = stated["port"], stated["udp"]
        self.unix, self.abstract = stated["unix"], stated["abstract"]
        self.secret, self.project = Path(stated["secret"]), Path(stated["project"])
        self.beside = Path(stated["beside"])
        self.parent, self.address = stated["parent"], stated["address"]
        self._column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
        self._raw = ctypes.CDLL(stated["library"]).raw if stated["library"] else None
        self._count = 0

    def fresh(self, folder: Path) -> Path:
        """Return a path that nobody has used."""
        self._count += 1
        return folder / f"{os.getpid()}-{threading.get_native_id()}-{self._count}"

    def victim(self) -> Path:
        """Return a file beside the project, which is the owner's."""
        return self.beside / "owned"

    def call(self, name: str, *arguments: Any) -> int:  # noqa: ANN401
        """Make a system call by native code: without the C library where a compiler made some."""
        made = [
            ctypes.c_long(argument)
            if isinstance(argument, int)
            else ctypes.cast(argument, ctypes.c_void_p)
            for argument in arguments
        ]
        made += [ctypes.c_long(0)] * (6 - len(made))
        number = ctypes.c_long(_NUMBERS[name][self._column])
        function = self._raw or ctypes.CDLL(None).syscall
        function.restype = ctypes.c_long
        result: int = function(number, *made)
        if result < 0:
            raise OSError(-result, name)
        return result


def _in_python(world: World) -> dict[str, Callable[[], object]]:
    def tcp() -> None:
        socket.create_connection(("127.0.0.1", world.port), timeout=5).close()

    def udp() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            made.sendto(b"x", ("127.0.0.1", world.udp))

    def unix(address: str) -> None:
        with socket.socket(socket.AF_UNIX) as made:
            made.connect(address)

    def listening() -> None:
        with socket.socket() as made:
            made.bind(("127.0.0.1", 0))
            made.listen()

    def read(path: Path) -> None:
        assert path.read_bytes()

    def by_symlink() -> None:
        link = world.fresh(world.project)
        link.symlink_to(world.secret)
        read(link)

    def by_hard_link() -> None:
        link = world.fresh(world.project)
        link.hardlink_to(world.secret)
        read(link)

    def by_rename() -> None:
        moved = world.fresh(world.project)
        moved.write_bytes(b"x")
        moved.rename(world.fresh(world.beside))

    def through_symlink() -> None:
        link = world.fresh(world.project)
        link.symlink_to(world.beside)
        world.fresh(link).write_bytes(b"x")

    def out_by_hard_link() -> None:
        mine = world.fresh(world.project)
        mine.write_bytes(b"x")
        world.fresh(world.beside).hardlink_to(mine)

    def into_by_hard_link() -> None:
        link = world.fresh(world.project)
        link.hardlink_to(world.victim())
        link.write_bytes(world.victim().read_bytes())

    def kept_from_backups() -> None:
        """Set an attribute by a descriptor that reads alone: FS_IOC_SETFLAGS, FS_NODUMP_FL."""
        path = world.fresh(world.project)
        path.touch()
        with path.open("rb") as file:
            fcntl.ioctl(file, 0x40086602, struct.pack("q", 0x40))

    def own_signals() -> None:
        import fcntl

        reading, writing = os.pipe()
        fcntl.fcntl(reading, fcntl.F_SETOWN, world.parent)
        os.close(reading)
        os.close(writing)

    def memory() -> None:
        with Path(f"/proc/{world.parent}/mem").open("rb") as held:
            held.seek(world.address)
            assert held.read(len(SECRET)) == SECRET

    return {
        "tcp": tcp,
        "udp": udp,
        "listening": listening,
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close(),
        "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close(),
        "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
        "unix": lambda: unix(world.unix),
        "abstract unix": lambda: unix(f"\0{world.abstract}"),
        "pair of sockets": lambda: socket.socketpair()[0].close(),
        "read a home": lambda: read(world.secret),
        "list a home": lambda: list(world.secret.parent.iterdir()),
        "read a home by a symlink": by_symlink,
        "read a home by a symlink that is there": lambda: read(world.project / "there"),
        "read a home by a hard link": by_hard_link,
        "read a home by the parent's root": lambda: read(
            Path(f"/proc/{world.parent}/root{world.secret}")
        ),
        "read the parent's environment": lambda: read(Path(f"/proc/{world.parent}/environ")),
        "read the parent's memory": memory,
        "write beside the project": lambda: world.fresh(world.beside).write_bytes(b"x"),
        "write beside by a symlink": through_symlink,
        "write beside by rename": by_rename,
        "write beside by a hard link": out_by_hard_link,
        "write a file beside by a hard link": into_by_hard_link,
        "write beside by a path upwards": lambda: world.fresh(
            world.project / ".." / world.beside.name
        ).write_bytes(b"x"),
        "make a folder beside": lambda: world.fresh(world.beside).mkdir(),
        "open the owner's file to all": lambda: world.victim().chmod(0o666),
        "change the owner's file's time": lambda: os.utime(world.victim()),
        "mark the owner's file": lambda: os.setxattr(world.victim(), "user.mark", b"x"),
        "keep a file from back-ups": kept_from_backups,
        "signal the parent": lambda: os.kill(world.parent, signal.SIGUSR1),
        "have the kernel signal the parent": own_signals,
        "limit the parent": lambda: resource.prlimit(
            world.parent, resource.RLIMIT_CPU, resource.prlimit(world.parent, resource.RLIMIT_CPU)
        ),
        "move the parent": lambda: os.sched_setaffinity(
            world.parent, os.sched_getaffinity(world.parent)
        ),
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "shared memory": lambda: mmap_shared(world),
    }


def mmap_shared(world: World) -> None:
    """Share memory by a name with whoever knows it."""
    path = Path("/dev/shm") / world.fresh(world.project).name  # noqa: S108  (it is what is tried)
    with path.open("w+b") as held:
        held.truncate(4096)
        mmap.mmap(held.fileno(), 4096).close()
    path.unlink()


def _in_native_code(world: World) -> dict[str, Callable[[], object]]:
    call = world.call

    def text(path: Path) -> ctypes.Array[ctypes.c_char]:
        return ctypes.create_string_buffer(os.fsencode(path))

    def opened(path: Path, flags: int = os.O_RDONLY) -> int:
        return call("openat", _HERE, text(path), flags, 0o600)

    def tcp() -> None:
        made = call("socket", socket.AF_INET, socket.SOCK_STREAM, 0)
        address = ctypes.create_string_buffer(
            socket.AF_INET.to_bytes(2, sys.byteorder) + world.port.to_bytes(2) + b"\x7f\0\0\x01", 16
        )
        call("connect", made, address, 16)
        os.close(made)

    def udp() -> None:
        made = call("socket", socket.AF_INET, socket.SOCK_DGRAM, 0)
        address = ctypes.create_string_buffer(
            socket.AF_INET.to_bytes(2, sys.byteorder) + world.udp.to_bytes(2) + b"\x7f\0\0\x01", 16
        )
        call("sendto", made, ctypes.create_string_buffer(b"x"), 1, 0, address, 16)
        os.close(made)

    def of_kind(family: int, kind: int, protocol: int = 0) -> None:
        os.close(call("socket", family, kind, protocol))

    def by_rename() -> None:
        mine = world.fresh(world.project)
        os.close(opened(mine, os.O_WRONLY | os.O_CREAT))
        call("renameat2", _HERE, text(mine), _HERE, text(world.fresh(world.beside)), 0)

    def by_hard_link() -> None:
        mine = world.fresh(world.project)
        os.close(opened(mine, os.O_WRONLY | os.O_CREAT))
        call("linkat", _HERE, text(mine), _HERE, text(world.fresh(world.beside)), 0)

    def victim() -> Path:
        return world.beside / "emptied"

    def memory() -> None:
        taken = ctypes.create_string_buffer(len(SECRET))
        here = (ctypes.c_size_t * 2)(ctypes.addressof(taken), len(SECRET))
        there = (ctypes.c_size_t * 2)(world.address, len(SECRET))
        call("process_vm_readv", world.parent, here, 1, there, 1, 0)
        assert taken.raw == SECRET

    def by_pidfd() -> None:
        held = call("pidfd_open", world.parent, 0)
        call("pidfd_send_signal", held, signal.SIGUSR1, 0, 0)
        os.close(held)

    def descriptor() -> None:
        held = call("pidfd_open", world.parent, 0)
        os.close(call("pidfd_getfd", held, 0, 0))
        os.close(held)

    def ring() -> None:
        os.close(call("io_uring_setup", 1, ctypes.create_string_buffer(120)))

    def cloned() -> None:
        process = call("clone", signal.SIGCHLD, 0, 0, 0, 0)
        if process == 0:
            call("exit", 0)
        call("wait4", process, 0, 0, 0)

    def queued() -> None:
        siginfo = ctypes.create_string_buffer(128)
        ctypes.memmove(siginfo, (ctypes.c_int * 3)(signal.SIGUSR1, 0, -1), 12)
        call("rt_sigqueueinfo", world.parent, signal.SIGUSR1, siginfo)

    return {
        "tcp": tcp,
        "udp": udp,
        "netlink": lambda: of_kind(socket.AF_NETLINK, socket.SOCK_RAW),
        "raw": lambda: of_kind(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "unix": lambda: of_kind(socket.AF_UNIX, socket.SOCK_STREAM),
        "vsock": lambda: of_kind(40, socket.SOCK_STREAM),
        "read a home": lambda: os.close(opened(world.secret)),
        "write beside the project": lambda: os.close(
            opened(world.fresh(world.beside), os.O_WRONLY | os.O_CREAT)
        ),
        "write beside by rename": by_rename,
        "write beside by a hard link": by_hard_link,
        "empty the owner's file": lambda: call("truncate", text(victim()), 0),
        "empty it by opening": lambda: os.close(opened(victim(), os.O_RDONLY | os.O_TRUNC)),
        "open the owner's file to all": lambda: call("fchmodat", _HERE, text(victim()), 0o666),
        "read the parent's memory": memory,
        "read the parent's memory as a file": lambda: os.close(
            opened(Path(f"/proc/{world.parent}/mem"))
        ),
        "trace the parent": lambda: call("ptrace", 0x4206, world.parent, 0, 0),
        "signal the parent": lambda: call("kill", world.parent, signal.SIGUSR1),
        "signal the parent by a queue": queued,
        "signal the parent by a descriptor": by_pidfd,
        "take a descriptor of the parent": descriptor,
        "limit the parent": lambda: call(
            "prlimit64", world.parent, 0, 0, ctypes.create_string_buffer(16)
        ),
        "shared memory": lambda: call("shmget", 0, 4096, 0o1600),
        "watch files": lambda: os.close(call("inotify_init1", 0)),
        "memory as a file": lambda: os.close(
            call("memfd_create", ctypes.create_string_buffer(b"x"), 0)
        ),
        "a ring of calls": ring,
        "keys": lambda: call("keyctl", 0, -3, 0),
        "faults of pages": lambda: os.close(call("userfaultfd", 0)),
        "another user's rights": lambda: call("unshare", 0x00020000),
        "fork": cloned,
    }


def attempts(world: World) -> dict[str, bool]:
    """Try everything; return what succeeded, by way and attempt."""
    ways = {"Python": _in_python(world), "native code": _in_native_code(world)}
    return {
        f"{way}: {name}": _succeeds(attempt)
        for way, named in ways.items()
        for name, attempt in named.items()
    }


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, AssertionError):
        return False
    return True


def _in_thread(world: World) -> dict[str, bool]:
    made: dict[str, bool] = {}
    thread = threading.Thread(target=lambda: made.update(attempts(world)))
    thread.start()
    thread.join()
    return made


def _in_child(world: World) -> dict[str, bool]:
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return {}
    if child == 0:
        os.write(writing, json.dumps(attempts(world)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        made: dict[str, bool] = json.loads(stream.read())
    os.waitpid(child, 0)
    return made


def _worker(stated: dict[str, Any]) -> None:
    if stated["grant"] is not None:
        from dataselect_gui.sandbox.confining import Grant, confine

        confine(Grant(**stated["grant"]))
    world = World(stated)
    made = {"itself": attempts(world), "thread": _in_thread(world), "child": _in_child(world)}
    sys.stdout.write(json.dumps(made))


def _parent(path: str) -> None:
    signal.signal(signal.SIGUSR1, lambda *_: None)
    with contextlib.suppress(AttributeError, OSError):  # Some systems let only ancestors look.
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
    held = ctypes.create_string_buffer(SECRET)
    stated = {**json.loads(Path(path).read_text()), "parent": os.getpid()}
    stated["address"] = ctypes.addressof(held)
    command = [sys.executable, "-m", "tests.planted", json.dumps(stated)]
    sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    if sys.argv[1] == "--parent":
        _parent(sys.argv[2])
    else:
        _worker(json.loads(sys.argv[1]))
