"""No process leaves an image of its memory."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.private_files.modes import COMMAND, WHERE_MODES_ARE

pytestmark = WHERE_MODES_ARE


def test_every_process_begins_closed() -> None:
    """The worker, as it waits for its job, and the program itself."""
    worker = subprocess.Popen([*COMMAND, "--worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None
    code = "import sys; sys.argv[1:] = ['--version']\n"
    code += "from dataselect_gui.__main__ import main; main()\n"
    code += "print(open('/proc/self/status').read(), open('/proc/self/limits').read())"
    ours = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if sys.platform != "linux":
        pytest.skip("there is no /proc here")
    try:
        status = ""
        for _ in range(200):
            status = Path(f"/proc/{worker.pid}/status").read_text()
            if "Umask:\t0077" in status:
                break
            worker.poll()
            subprocess.run(["sleep", "0.05"], check=True)
        status += Path(f"/proc/{worker.pid}/limits").read_text()
    finally:
        worker.stdin.close()
        worker.kill()
        worker.wait()
        assert worker.stdout is not None
        worker.stdout.close()
    for text in (status, ours.stdout):
        assert "Umask:\t0077" in text
        limit = re.search(r"Max core file size\s+(\d+)\s+(\d+)", text)
        assert limit is not None
        assert {int(limit.group(1)), int(limit.group(2))} <= {0, 1}


CRASH = """
import os, sys, resource
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
from dataselect_gui.permissions import close_process
if sys.argv[1] == "closed":
    close_process()
os.abort()
"""


def test_a_crash_leaves_no_image_of_the_memory(tmp_path: Path) -> None:
    pattern = Path("/proc/sys/kernel/core_pattern")
    if not pattern.is_file() or pattern.read_text().strip()[:1] in {"|", "/", "@"}:
        pytest.skip("this system keeps dumps elsewhere")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY and os.geteuid() != 0:
        pytest.skip("this system lets nobody dump")
    for how in ("closed", "open"):  # The second is the control.
        folder = tmp_path / how
        folder.mkdir()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run(
            [sys.executable, "-c", CRASH, how],
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
        )
        assert bool(list(folder.iterdir())) == (how == "open")
