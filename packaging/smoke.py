"""Try a frozen program: each verb that starts something of its own, and the window shown and gone.

    python packaging/smoke.py dist/dataselect

The Python that runs this needs torch and transformers: it makes small checkpoints with random weights,
of families that the demo does not use, for the frozen program to score with. Anything unexpected on
the program's outputs is a failure, as is an exit code other than 0.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

SIDE, CLASSES = 16, ("bird", "cat", "dog")
STARTS = 5
_PROGRESS = re.compile(
    r"(Reading records|Loading the model|Trying the|Scoring|Writing the bundle)[^\n]*\n"
)


class Frozen:
    """A frozen program with a home of its own.

    Parameters
    ----------
    folder : Path
        What PyInstaller made.
    home : Path
        Where its ledger and settings go.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self._program = folder / ("dataselect.exe" if os.name == "nt" else "dataselect")
        self._environment = {**os.environ, "DATASELECT_HOME": str(home)}
        self._environment["DATASELECT_QUIT_WHEN_SHOWN"] = "1"
        if not os.environ.get("DISPLAY"):
            self._environment["QT_QPA_PLATFORM"] = "offscreen"

    def run(self, *arguments: str | Path) -> tuple[str, float]:
        """Run a verb; return what it prints and how long it took, in seconds.

        Raises
        ------
        SystemExit
            Where it fails, or says what it should not.
        """
        started = time.monotonic()
        done = subprocess.run(  # noqa: S603  (the program that was just built)
            [self._program, *arguments],
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=600,
            check=False,
        )
        seconds = time.monotonic() - started
        unexpected = _PROGRESS.sub("", done.stderr)
        if done.returncode != 0 or unexpected:
            raise SystemExit(f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout, seconds

    def tell(self, *arguments: str | Path) -> dict[str, Any]:
        """Run a verb for its one JSON object, and say how long it took."""
        printed, seconds = self.run(*arguments, "--json")
        print(f"{arguments[0]}: {seconds:.1f} s")
        answer: dict[str, Any] = json.loads(printed)
        return answer

    def show(self, *arguments: str | Path) -> float:
        """Show the window several times; return the median of how long it took to come and go."""
        times = []
        for _ in range(STARTS):
            printed, seconds = self.run("gui", *arguments)
            if printed:
                raise SystemExit(f"the window printed {printed!r}")
            times.append(seconds)
        return statistics.median(times)


def make_checkpoints(folder: Path) -> list[Path]:
    """Make a small checkpoint of each of some families, with random weights."""
    from transformers import (
        ConvNextConfig,
        ConvNextForImageClassification,
        ResNetConfig,
        ResNetForImageClassification,
        ViTConfig,
        ViTForImageClassification,
    )
    from transformers.utils import logging

    logging.disable_progress_bar()
    common: dict[str, Any] = {
        "num_channels": 1,
        "id2label": dict(enumerate(CLASSES)),
        "label2id": {name: index for index, name in enumerate(CLASSES)},
    }
    small: dict[str, Any] = {"hidden_sizes": [4, 8], "depths": [1, 1], **common}
    attention = ViTConfig(
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=SIDE,
        patch_size=8,
        **common,
    )
    models = {
        "vit": ViTForImageClassification(attention),
        "convnext": ConvNextForImageClassification(
            ConvNextConfig(patch_size=2, num_stages=2, image_size=SIDE, **small)
        ),
        "resnet": ResNetForImageClassification(
            ResNetConfig(embedding_size=4, layer_type="basic", **small)
        ),
    }
    preprocessing = {
        "do_resize": True,
        "do_rescale": True,
        "do_normalize": True,
        "image_processor_type": "ViTImageProcessor",
        "image_mean": [0.5],
        "image_std": [0.5],
        "rescale_factor": 1 / 255,
        "size": {"height": SIDE, "width": SIDE},
    }
    for name, model in models.items():
        model.save_pretrained(folder / name)
        (folder / name / "preprocessor_config.json").write_text(json.dumps(preprocessing))
    return [folder / name for name in models]


def make_records(path: Path) -> Path:
    """Make an array file of a few images of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE), dtype=np.uint8)
    np.savez_compressed(path, x=pixels, y=np.arange(12) % 3, classes=np.array(CLASSES))
    return path


def main() -> None:
    """Try everything."""
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        frozen = Frozen(folder, out / "home")
        version, seconds = frozen.run("--version")
        print(f"{version.strip()}: {seconds:.1f} s")
        if not frozen.tell("demo", "--headless", "--out", out / "demo")["verified"]:
            raise SystemExit("the demo's bundle was not verified")
        frozen.tell("verify", out / "demo" / "bundle")
        records = make_records(out / "records.npz")
        for checkpoint in make_checkpoints(out / "checkpoints"):
            project = out / f"{checkpoint.name}.dataselect"
            answer = frozen.tell("score", records, "--checkpoint", checkpoint, "--project", project)
            if (answer["scored"], answer["problems"]) != (12, []):
                raise SystemExit(f"{checkpoint.name} was not scored: {answer}")
            print(f"  by a {checkpoint.name}: {', '.join(answer['scores'])}")
            tried = frozen.tell("inspect", checkpoint, "--records", records)["preflight"]
            if not 0 < tried["deviation"] < 1e-4:
                raise SystemExit(f"{checkpoint.name} is not computed exactly: {tried}")
        print(f"window, shown and gone: {frozen.show():.2f} s, median of {STARTS}")
        print(f"window with the demo's project: {frozen.show(out / 'demo' / 'project'):.2f} s")
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"size: {sum(path.stat().st_size for path in files) / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
