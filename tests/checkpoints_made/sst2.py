"""Train a small BERT on SST-2, as a consortium would share it: with a tokenizer of 5,000 words.

``python -m tests.checkpoints_made.sst2 SST2.csv FOLDER`` writes a series of three states, the last one
also at the top, of about 1.3 MB each. It is trained on the rows of ``split`` train; those of dev and
test are the owner's.
"""

import csv
import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from tests.helpers import write_json
from tests.tokenizers_made import word_pieces

CLASSES = ("negative", "positive")
WORDS, LONGEST = 5000, 64
STATES = 3
_SEED, _BATCH, _RATE = 15, 32, 2e-3


def rows_of(table: Path, *splits: str) -> list[tuple[str, int]]:
    """Return the texts of some parts with their labels."""
    with table.open(encoding="utf-8", newline="") as file:
        return [
            (row["text"], int(row["label"]))
            for row in csv.DictReader(file)
            if not splits or row["split"] in splits
        ]


def write_bert(table: Path, folder: Path, epochs: int = STATES, most: int | None = None) -> float:
    """Train a model, and write its states.

    Parameters
    ----------
    table : Path
        ``sst2.csv``.
    folder : Path
        Takes the series.
    epochs : int
        How many; each is a state.
    most : int or None
        Train on the first so many texts alone.

    Returns
    -------
    float
        The share of the texts of ``dev`` that the last state tells right.
    """
    torch.manual_seed(_SEED)
    rows = rows_of(table, "train")[:most]
    word_pieces(folder, (text for text, _label in rows), WORDS, model_max_length=LONGEST)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=96,
            max_position_embeddings=LONGEST,
            id2label=dict(enumerate(CLASSES)),
            label2id={name: index for index, name in enumerate(CLASSES)},
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    steps = epochs * -(-len(rows) // _BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    step = 0
    for _epoch in range(epochs):
        model.train()
        order = torch.randperm(len(rows)).tolist()
        for start in range(0, len(order), _BATCH):
            batch = [rows[place] for place in order[start : start + _BATCH]]
            tokens = tokenizer(
                [text for text, _label in batch], padding=True, truncation=True, return_tensors="pt"
            )
            loss = model(**tokens, labels=torch.tensor([label for _text, label in batch])).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
        state = folder / f"checkpoint-{step}"
        model.eval().save_pretrained(state)
        tokenizer.save_pretrained(state)
    model.save_pretrained(folder)
    write_json(folder / "dataselect.json", {"score": "loss", "max_grad_norm": 1.0})
    right = 0
    with torch.no_grad():
        for text, label in rows_of(table, "dev"):
            logits = model(**tokenizer(text, truncation=True, return_tensors="pt")).logits
            right += int(logits.argmax().item() == label)
    return right / len(rows_of(table, "dev"))


if __name__ == "__main__":
    print(f"{write_bert(Path(sys.argv[1]), Path(sys.argv[2])):.3f}")  # noqa: T201
