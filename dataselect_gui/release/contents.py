"""What lies below ``data`` in a bundle: records, or a table, or a gradient.

Everything follows from the draw, the terms and the records, so that the same release written twice
gives the same bytes. Records and rows are in the order of their random names.
"""

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.decoding_process import DecodingProcess
from dataselect_gui.records.source import ChangedRecordError, FloatArray, UnreadableRecordError
from dataselect_gui.release.clean import encode
from dataselect_gui.release.drawing import Candidates, cells, read_gradient, score_at
from dataselect_gui.release.terms import CLIP_STEPS, COUNT_STEPS, Terms

DATA = "data/train"
LISTING = f"{DATA}/metadata.jsonl"
ARRAYS = f"{DATA}/records.npz"
OFFERS, SCORES, REPORT = "data/offers.csv", "data/scores.csv", "data/report.csv"
GRADIENT = "data/gradient.safetensors"
TABLES = {"offers": OFFERS, "scores": SCORES, "report": REPORT}


@dataclass(frozen=True)
class Written:
    """What was written below ``data``.

    Attributes
    ----------
    listing : str
        The relative path of the file that lists the content.
    sums : dict
        Relative path → SHA-256 of every file.
    """

    listing: str
    sums: dict[str, str]


COLUMNS = {
    OFFERS: ("token",),
    SCORES: ("token", "score"),
    REPORT: ("table", "class", "from", "to", "count"),
}


def partial_writer(
    candidates: Candidates,
    keys: list[bytes],
    terms: Terms,
    drawn: bytes,
    report: Callable[[int, int], None],
) -> Callable[[Path], Written]:
    """Return what writes the content of a release into a bundle's folder.

    Parameters
    ----------
    candidates : Candidates
        The records.
    keys : list of bytes
        Their keys, shape (n,).
    terms : Terms
        What the release is.
    drawn : bytes
        Its draw.
    report : callable
        Called with the numbers of records written and to write.

    Returns
    -------
    callable
        Takes the folder.
    """

    def write(folder: Path) -> Written:
        if terms.kind == "gradient":
            return _write_gradient(folder, drawn, terms)
        told = json.loads(drawn)
        if terms.kind in TABLES:
            return _write_table(folder, told, terms)
        rows = {key.hex(): row for row, key in enumerate(keys)}
        names = {rows[record]: name for record, name in told["names"].items()}
        return _write_records(folder, candidates, names, report)

    return write


def may_leave(candidates: Candidates, terms: Terms, *, anything: bool) -> NDArray[np.bool_]:
    """Return which records may be in a release, shape (n,).

    Parameters
    ----------
    candidates : Candidates
        The records.
    terms : Terms
        What the release is.
    anything : bool
        Whether it is not known yet what is chosen.
    """
    part = candidates.eligible if candidates.part is None else candidates.part
    keeps = terms.kind == "records" and terms.mechanism in {"exact", "one-sided"} and not anything
    return part & candidates.chosen if keeps else part


def check_leaving(
    candidates: Candidates, terms: Terms, *, anything: bool, report: Callable[[int, int], None]
) -> None:
    """Clean every image that may leave, for nothing else than to see that it can be.

    What is cleaned here is not what leaves: a process that has decoded a record that stays could
    smuggle it into one that leaves.

    Parameters
    ----------
    candidates : Candidates
        The records.
    terms : Terms
        What the release is.
    anything : bool
        Whether it is not known yet what is chosen.
    report : callable
        Called with the numbers of records checked and to check.

    Raises
    ------
    UnusableError
        Where one cannot be cleaned.
    """
    if terms.kind != "records" or candidates.source.kind != "images":
        return
    assert candidates.part is not None
    rows = np.flatnonzero(may_leave(candidates, terms, anything=anything))
    with DecodingProcess() as decoding:
        for number, row in enumerate(rows, start=1):
            try:
                decoding.clean(candidates.records.read(int(row)))
            except UnreadableRecordError as error:
                raise UnusableError(
                    "A record that may leave cannot be written without its metadata.",
                    f"Record {int(row) + 1} of {candidates.part.size}, in the source's order: {error} "
                    "Nothing was charged for this release.",
                    "Keep the record from leaving, or store it in another form and score it again.",
                ) from None
            report(number, len(rows))


def _write_records(
    folder: Path,
    candidates: Candidates,
    names: dict[int, str],
    report: Callable[[int, int], None],
) -> Written:
    (folder / DATA).mkdir(parents=True)
    ordered = sorted(names.items(), key=lambda item: item[1])
    place, labels = f"{folder / DATA}/", candidates.index.labels

    sums: dict[str, str] = {}
    lines: list[str] = []
    arrays: list[FloatArray] = []
    # A process that has seen no other records than those that leave: it can smuggle none into them.
    with DecodingProcess() as decoding:
        # One after the other: threads that hand the interpreter's lock to and fro take twice as long.
        for number, (row, name) in enumerate(ordered, start=1):
            extension, content = _record(candidates, row, decoding)
            if isinstance(content, bytes):
                file = f"{name}.{extension}"
                write_new(place + file, content)
                sums[f"{DATA}/{file}"] = hashlib.sha256(content).hexdigest()
                lines.append(listing_line(file, labels[row]))
            else:
                arrays.append(content)
            report(number, len(ordered))
    if arrays:
        written = io.BytesIO()
        np.savez_compressed(
            written, x=np.stack(arrays), y=np.array([labels[row] or "" for row, _ in ordered])
        )
        return _written(folder, ARRAYS, written.getvalue())
    # The names have one length, so the order of the lines is theirs.
    listing = _written(folder, LISTING, "".join(lines).encode())
    return Written(LISTING, {**sums, **listing.sums})


def listing_line(file_name: str, label: str | None) -> str:
    """Return the line by which a record is listed."""
    return json.dumps({"file_name": file_name, "label": label}, ensure_ascii=False) + "\n"


def table_text(name: str, rows: Iterable[Sequence[object]]) -> str:
    """Return a table as it is written."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS[name])
    writer.writerows(rows)
    return written.getvalue()


def _record(
    candidates: Candidates, row: int, decoding: DecodingProcess
) -> tuple[str, bytes | FloatArray]:
    """Read a record that leaves: the extension and the content of its file, or its numbers."""
    source = candidates.source
    try:
        stored = candidates.records.read(row)
        if source.kind == "images":
            return decoding.clean(stored)
        content = source.decode(stored)
        return encode(content) if isinstance(content, Image.Image) else ("", content)
    except ChangedRecordError:
        raise UnusableError(
            "The release was not written.",
            "A record changed after the release was reserved; its cost counts all the same.",
            "Put the records back as they were and give the same command again, or score them "
            "again for another release.",
        ) from None
    except UnreadableRecordError as error:
        raise UnusableError(
            "The release was not written.",
            f"A record cannot be written: {error} The release was reserved, and its cost counts.",
            "Give the same command again: it finishes the same release and costs nothing more.",
        ) from None


def _write_table(folder: Path, told: dict[str, dict[str, object]], terms: Terms) -> Written:
    name = TABLES[terms.kind]
    lines: list[tuple[object, ...]]
    if terms.kind == "offers":
        lines = [(token,) for token in sorted(told["names"].values(), key=str)]
    elif terms.kind == "scores":
        lines = [
            (token, f"{score_at(float(str(step)), terms):.9g}")
            for token, step in sorted(told["values"].items())
        ]
    else:
        step = 1 if terms.mechanism == "discrete-laplace" else COUNT_STEPS
        lines = [
            (table, kind or "", low, high, format_count(int(str(value)), step))
            for (table, kind, low, high), value in zip(cells(terms), told["values"], strict=True)
        ]
    return _written(folder, name, table_text(name, lines).encode())


def format_count(steps: int, step: int) -> str:
    """Write a count that was noised in steps."""
    return str(steps) if step == 1 else f"{steps / step:.3f}"


def _write_gradient(folder: Path, drawn: bytes, terms: Terms) -> Written:
    from safetensors.numpy import save

    assert terms.clip is not None
    layout, steps = read_gradient(drawn)
    values = (steps * (float(terms.clip) / CLIP_STEPS)).astype(np.float32)
    ends = np.cumsum([math.prod(shape) for _, shape in layout])
    tensors = {
        name: part.reshape(shape)
        for (name, shape), part in zip(layout, np.split(values, ends[:-1]), strict=True)
    }
    return _written(folder, GRADIENT, save(tensors))


def _written(folder: Path, name: str, content: bytes) -> Written:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write_new(str(folder / name), content)
    return Written(name, {name: hashlib.sha256(content).hexdigest()})


def write_new(path: str, content: bytes) -> None:
    """Write a file that is not there yet."""
    with open(path, "xb", buffering=0) as file:  # noqa: PTH123  (a Path for each of a million files)
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]
