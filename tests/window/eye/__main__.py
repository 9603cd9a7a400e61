"""Make the references of the pictures anew: ``python -m tests.window.eye``.

Look at each before you keep it. Only those are written that do not show the same any more.
"""

import sys
import tempfile
from pathlib import Path

from tests.window.eye.comparing import is_alike, write_reference
from tests.window.eye.pictures import LANGUAGES, REFERENCES, take


def main() -> None:
    """Write the references that are missing or show something else."""
    for language in LANGUAGES:
        folder = REFERENCES / language
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as made:
            taken = take(language, Path(made))
            for reference in folder.glob("*.png"):
                if reference.name not in {picture.name for picture in taken}:
                    reference.unlink()
            for picture in taken:
                reference = folder / picture.name
                if not reference.exists() or not is_alike(picture, reference):
                    write_reference(picture, reference)
                    sys.stdout.write(f"{reference}\n")


if __name__ == "__main__":
    main()
