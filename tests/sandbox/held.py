"""What this kernel holds a process to."""

from pathlib import Path

from dataselect_gui.sandbox.confining import available_confinement

ROOT = Path(__file__).parents[2]
HELD = available_confinement()
