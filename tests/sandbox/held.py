"""What this kernel holds a process to."""

from pathlib import Path

import pytest

from dataselect_gui.sandbox.confining import available_confinement

ROOT = Path(__file__).parents[2]
HELD = available_confinement()
WHERE_CONFINED = pytest.mark.skipif(
    not (HELD.files and HELD.network), reason="this kernel lacks Landlock or seccomp"
)
