"""How fast texts are listed and scored, beside a plain training loop on the same texts.

    python -m tests.benchmarks.texts MODEL TEXTS.csv [--records N] [--rounds N] [--column NAME]

The loop fills a batch up to its longest text, as a trainer does; it tokenises beside its steps.
The scorer takes texts of the few lengths that inputs have, in batches of the size that it would choose.
"""

import argparse
import csv
import statistics
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.source import Source, SourceRef
from dataselect_gui.scoring.model import choose_device
from dataselect_gui.scoring.public_shapes import public_shapes
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.batches import in_batches
from dataselect_gui.worker.computing import Computation
from dataselect_gui.worker.input_loading import InputLoader
from tests.benchmarks.timing import as_in_the_worker

NAMES = ["loss", "grad_norm"]
BATCH = 32


def write_texts(path: Path, texts: list[str], count: int) -> Path:
    """Write a table of so many texts, each of them anew where there are fewer."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((texts[n % len(texts)], n % 2) for n in range(count))
    return path


def train(folder: Path, texts: list[str]) -> float:
    """Return how many texts a second a plain training loop takes."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    began = time.perf_counter()
    for start in range(0, len(texts), BATCH):
        some = texts[start : start + BATCH]
        tokens = tokenizer(some, padding=True, truncation=True, return_tensors="pt")
        loss = model(**tokens, labels=torch.zeros(len(some), dtype=torch.long)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return len(texts) / (time.perf_counter() - began)


def score(folder: Path, source: Source) -> float:
    """Return how many texts a second are read, tokenised and scored."""
    found = find_checkpoint(folder)
    scorer = Scorer(found, NAMES, choose_device("cpu"))
    to_input = source.kind.to_input(found.final, None)
    shapes = public_shapes(source, found.final, scorer.model, to_input)
    size = scorer.need(shapes[-1]).records_at_once(scorer.device)
    rows = list(range(len(source.ids)))
    hashes = np.stack([np.frombuffer(content_hash(source.read(row)), dtype=np.uint8) for row in rows])
    for shape in shapes:
        scorer.prepare((size, *shape))
    targets = np.zeros(len(rows), dtype=np.int64)
    work = Computation(scorer, NAMES, shapes, size, source.ids, targets, lambda _record: nullcontext())
    loader = InputLoader(source, hashes, to_input, shapes)
    began = time.perf_counter()
    done = sum(result.handled for result in work.results(loader, in_batches(source.ids, rows, size)))
    assert done == len(rows)
    return done / (time.perf_counter() - began)


def main() -> None:
    """Print the paces."""
    as_in_the_worker()
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--column", default="text")
    parser.add_argument("--records", type=int, default=3000)
    parser.add_argument("--listed", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with asked.texts.open(encoding="utf-8", newline="") as file:
        texts = [row[asked.column] for row in csv.DictReader(file)]
    with tempfile.TemporaryDirectory() as name:
        many = write_texts(Path(name) / "many.csv", texts, asked.listed)
        began = time.perf_counter()
        count = len(open_source(SourceRef(many, text_column="text")).ids)
        print(f"{count:,} texts listed in {time.perf_counter() - began:.1f} s")
        some = write_texts(Path(name) / "some.csv", texts, asked.records)
        source = open_source(SourceRef(some, text_column="text"))
        chosen = [source.read(row).decode() for row in range(len(source.ids))]
        ratios = []
        for _round in range(asked.rounds):  # Taking turns: a machine that slows down slows both.
            trained, scored = train(asked.model, chosen), score(asked.model, source)
            ratios.append(scored / trained)
            print(f"training {trained:,.0f}/s, scoring {scored:,.0f}/s: {scored / trained:.2f}")
        print(f"median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
