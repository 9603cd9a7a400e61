"""How fast texts are listed and scored, beside a plain training epoch on the same texts.

    python -m tests.benchmarks.texts [--records N] [--rounds N] [--checkpoint FOLDER]

The texts are those of SST-2, repeated, each with its number behind it. The epoch reads them by
`csv.DictReader`, and fills a batch up to its longest text, as a trainer does; the scorer takes texts of
the few lengths that inputs have.
"""

import csv
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from dataselect_gui.records.source import SourceRef
from tests.benchmarks.epochs import compare, options, rows_of
from tests.benchmarks.timing import as_in_the_worker
from tests.checkpoints_made import sst2

TABLE = Path(__file__).parents[3] / "shared" / "data" / "text" / "sst2.csv"


def write_texts(path: Path, count: int) -> Path:
    """Write a table of so many texts, no two of them alike."""
    rows = sst2.rows_of(TABLE)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for number in range(count):
            text, label = rows[number % len(rows)]
            writer.writerow([f"{text} {number}", sst2.CLASSES[label]])
    return path


def train(table: Path, checkpoint: Path, batch: int) -> None:
    """Train for one epoch."""
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    for rows in rows_of(table, batch):
        texts = [row["text"] for row in rows]
        tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        targets = torch.tensor([sst2.CLASSES.index(row["label"]) for row in rows])
        loss = model(**tokens, labels=targets).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main() -> None:
    """Print the paces."""
    as_in_the_worker()
    parser = options()
    parser.add_argument("--checkpoint", type=Path, help="a model of texts; by default one is trained")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        table = write_texts(Path(name) / "texts.csv", asked.records)
        checkpoint = asked.checkpoint
        if checkpoint is None:
            checkpoint = Path(name) / "model"
            sst2.write_bert(TABLE, checkpoint, epochs=1, most=2000)
        compare(
            SourceRef(table),
            checkpoint,
            lambda batch: train(table, checkpoint, batch),
            rounds=asked.rounds,
            with_processes=not asked.without_processes,
        )


if __name__ == "__main__":
    main()
