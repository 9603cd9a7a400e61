"""How fast records go from JPEG files to scores, beside decoding alone and computing alone.

    python -m tests.benchmarks.pace [--records N] [--side PIXELS] [--rounds N] [--device NAME]

On a processor, which both share, no more can be asked for than one after the other; beside a GPU,
no more than the slower of the two.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.model import choose_device
from dataselect_gui.scoring.public_shapes import public_shapes
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.input_loading import InputLoader, LoadedBatch
from tests.benchmarks.timing import as_in_the_worker
from tests.helpers import CLASSES, preprocessor, write_json
from tests.models import stir, tiny_resnet

NAMES = ["loss", "grad_norm"]
AT_ONCE = 64


def write_records(folder: Path, count: int, side: int) -> Path:
    """Write JPEG images with smooth content, which decode as photographs do."""
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (side // 8, side // 8), dtype=np.uint8))
        place = folder / CLASSES[number % len(CLASSES)] / f"{number:05}.jpeg"
        place.parent.mkdir(parents=True, exist_ok=True)
        coarse.resize((side, side), Image.Resampling.BICUBIC).save(place, quality=90)
    return folder


def main() -> None:
    """Print the paces."""
    as_in_the_worker()
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1024)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--model-side", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="auto")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        source = open_source(
            SourceRef(write_records(Path(name) / "records", asked.records, asked.side))
        )
        model = Path(name) / "model"
        stir(tiny_resnet(), 0).save_pretrained(model)  # type: ignore[operator]
        write_json(model / "preprocessor_config.json", preprocessor(asked.model_side, channels=1))
        device = choose_device(asked.device)
        checkpoint = find_checkpoint(model)
        scorer = Scorer(checkpoint, NAMES, device)
        rows = np.arange(len(source.ids))
        hashes = [
            np.frombuffer(content_hash(source.read(row)), dtype=np.uint8) for row in rows.tolist()
        ]
        to_input = source.kind.to_input(checkpoint.final, scorer.model.channels)
        shapes = public_shapes(source, checkpoint.final, scorer.model, to_input)
        decoder = InputLoader(source, np.stack(hashes), to_input, shapes)
        batches = [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]
        threads = 1 if device.type == "cpu" else min(8, os.cpu_count() or 1)

        def compute(batch: LoadedBatch) -> None:
            (loaded,) = batch.inputs
            scorer.score(NAMES, loaded.values, np.zeros(len(loaded.rows), dtype=np.int64))

        decoded = list(decoder.ahead(batches, threads))
        compute(decoded[0])
        seconds: dict[str, list[float]] = {"decode": [], "compute": [], "together": []}
        for _ in range(asked.rounds):
            began = time.perf_counter()
            for _batch in decoder.ahead(batches, threads):
                pass
            seconds["decode"].append(time.perf_counter() - began)
            began = time.perf_counter()
            for batch in decoded:
                compute(batch)
            seconds["compute"].append(time.perf_counter() - began)
            began = time.perf_counter()
            for batch in decoder.ahead(batches, threads):
                compute(batch)
            seconds["together"].append(time.perf_counter() - began)
    for word, times in seconds.items():
        print(f"{word}: {asked.records / statistics.median(times):.0f} records a second")
    rounds = list(zip(*seconds.values(), strict=True))
    both = statistics.median((a + b) / c for a, b, c in rounds)
    slower = statistics.median(max(a, b) / c for a, b, c in rounds)
    print(f"{device.type}: {both:.2f} of one after the other, {slower:.2f} of the slower alone")


if __name__ == "__main__":
    main()
