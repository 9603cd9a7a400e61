"""How fast rows of a table are listed and scored, beside a plain training epoch on the same rows.

    python -m tests.benchmarks.rows [--records N] [--rounds N] [--models NAMES] [--checkpoints FOLDER]

The rows are those of UCI Adult, repeated, each with an age of its own. The epoch reads them by
`csv.DictReader`, and makes each cell a number by plain Python.
"""

import csv
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dataselect_gui.checkpoints.features import features_of
from dataselect_gui.records.source import SourceRef
from tests.benchmarks.epochs import compare, options, rows_of
from tests.benchmarks.timing import as_in_the_worker
from tests.checkpoints_made import adult

TABLE = Path(__file__).parents[3] / "shared" / "data" / "tabular" / "adult.csv"


def write_rows(path: Path, count: int) -> Path:
    """Write so many rows, no two of them alike."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for number in range(count):
            row = rows[number % len(rows)]
            writer.writerow({**row, "age": f"{row['age']}.{number + 1:07}"})
    return path


def numbers_of(row: dict[str, str], stated: list[dict[str, Any]]) -> Iterator[float]:
    """Yield a row's numbers, as ``features.json`` states them; its categories are places."""
    for feature in stated:
        cell = row[feature["column"]].strip()
        if "numeric" in feature:
            scaling = feature["numeric"]
            yield ((float(cell) if cell else scaling["fill"]) - scaling["mean"]) / scaling["scale"]
        else:
            yield feature["places"].get(cell, feature.get("unknown"))


def train(table: Path, checkpoint: Path, name: str, batch: int) -> None:
    """Train for one epoch."""
    torch.manual_seed(0)
    stated = json.loads((checkpoint / "features.json").read_text())
    model: nn.Module = adult.MODELS[name][0](features_of(stated)).train()
    features = stated["features"]
    for feature in features:
        feature["places"] = {cell: place for place, cell in enumerate(feature.get("categories", ()))}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for rows in rows_of(table, batch):
        inputs = torch.tensor([list(numbers_of(row, features)) for row in rows])
        targets = torch.tensor([adult.CLASSES.index(row["income"]) for row in rows])
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main() -> None:
    """Print the paces."""
    as_in_the_worker()
    parser = options()
    parser.add_argument("--models", default="mlp,transformer")
    parser.add_argument("--checkpoints", type=Path, help="where the models were written before")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        table = write_rows(Path(name) / "rows.csv", asked.records)
        for model in asked.models.split(","):
            folder = (asked.checkpoints or Path(name)) / model
            if not folder.exists():
                adult.make(TABLE, folder, model)
            state = folder / f"checkpoint-{adult.STEPS}"
            print(f"{model}:")
            compare(
                SourceRef(table, label_column="income"),
                state,
                lambda batch, state=state, model=model: train(table, state, model, batch),  # type: ignore[misc]
                rounds=asked.rounds,
                with_processes=not asked.without_processes,
            )


if __name__ == "__main__":
    main()
