"""``croissant.json``: the bundle described in MLCommons Croissant 1.1, by its own library."""

import datetime
import importlib
import json
from pathlib import Path
from typing import Any

from dataselect_gui.release.promises import promise
from dataselect_gui.release.terms import Terms
from dataselect_gui.texts import english

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
_ENCODINGS = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "tif": "image/tiff",
}
_LISTINGS = {".jsonl": "application/jsonlines", ".csv": "text/csv"}
_NUMBERS = frozenset({"score", "count"})
_LANGUAGE = {"@container": "@language"}
# What 1.1 adds to the library's own context, which is that of 1.0.
_CONTEXT_1_1 = {
    "arrayShape": "cr:arrayShape",
    "containedIn": "cr:containedIn",
    "isArray": "cr:isArray",
    "name": _LANGUAGE,
    "description": _LANGUAGE,
}


@english()
def describe(terms: Terms, files: dict[str, str], listing: str) -> str:
    """Return the description of a bundle's data.

    Parameters
    ----------
    terms : Terms
        What the release is.
    files : dict
        Relative path → SHA-256 of every file below ``data``.
    listing : str
        The relative path of the file that lists the records: ``metadata.jsonl`` beside images, or
        the array file.
    """
    mlc = _library()
    context = mlc.Context(conforms_to=CONFORMS_TO)
    context.rdf = mlc.Rdf(context={**mlc.Rdf().context, **_CONTEXT_1_1})
    extensions = sorted({name.rpartition(".")[2] for name in files if name != listing})
    list_file = mlc.FileObject(
        ctx=context,
        id="listing",
        name=Path(listing).name,
        content_url=listing,
        encoding_formats=[_LISTINGS.get(Path(listing).suffix, "application/octet-stream")],
        sha256=files[listing],
    )
    record_sets = []
    if terms.kind.columns is not None:
        record_sets = [_rows(mlc, context, terms.kind.columns)]
    elif extensions:
        record_sets = [_images(mlc, context)]
    metadata = mlc.Metadata(
        ctx=context,
        name="selection" if terms.kind.discloses else terms.kind.name,
        description=f"{terms.kind.heading}, by the score {terms.score}. {promise(terms)}",
        cite_as=f"DataSelect release {terms.release}",
        date_published=datetime.datetime.fromisoformat(terms.date),
        license=["Not stated: ask the data owner"],
        url=f"urn:dataselect:{terms.release}",
        version="1.0.0",
        distribution=[list_file, *_image_files(mlc, context, extensions)],
        record_sets=record_sets,
    )
    return json.dumps(metadata.to_json(), indent=2, default=str) + "\n"


def problems_of(path: Path) -> list[str]:
    """Return what Croissant's own library finds wrong with a description."""
    import logging

    mlc = _library()
    logging.getLogger("absl").setLevel(logging.CRITICAL)
    try:
        issues = mlc.Dataset(jsonld=str(path)).metadata.issues
    except Exception as error:  # The library raises what its parsers raise.
        return [type(error).__name__]
    return sorted([*issues.errors, *issues.warnings])


def _library() -> Any:  # noqa: ANN401  (a module)
    """Import Croissant's library without a socket being opened.

    It brings urllib3, which binds one when it is imported, to see whether this machine has IPv6.
    """
    network = importlib.import_module("socket")
    has_ipv6, network.has_ipv6 = network.has_ipv6, False  # type: ignore[attr-defined]
    try:
        import mlcroissant
    finally:
        network.has_ipv6 = has_ipv6  # type: ignore[attr-defined]
    return mlcroissant


def _image_files(mlc: Any, context: Any, extensions: list[str]) -> list[Any]:  # noqa: ANN401
    if not extensions:
        return []
    return [
        mlc.FileSet(
            ctx=context,
            id="images",
            name="images",
            encoding_formats=[_ENCODINGS[extension] for extension in extensions],
            includes=[f"data/train/*.{extension}" for extension in extensions],
        )
    ]


def _rows(mlc: Any, context: Any, columns: tuple[str, ...]) -> Any:  # noqa: ANN401
    return mlc.RecordSet(
        ctx=context,
        id="rows",
        name="rows",
        fields=[
            mlc.Field(
                ctx=context,
                id=f"rows/{name}",
                name=name,
                data_types=[mlc.DataType.FLOAT if name in _NUMBERS else mlc.DataType.TEXT],
                source=_column(mlc, context, name),
            )
            for name in columns
        ],
    )


def _column(mlc: Any, context: Any, name: str) -> Any:  # noqa: ANN401
    extract = mlc.Extract(ctx=context, column=name)
    return mlc.Source(ctx=context, file_object="listing", extract=extract)


def _images(mlc: Any, context: Any) -> Any:  # noqa: ANN401
    def field(name: str, kind: Any, source: Any, references: Any = None) -> Any:  # noqa: ANN401
        return mlc.Field(
            ctx=context,
            id=f"train/{name}",
            name=name,
            data_types=[kind],
            source=source,
            references=references,
        )

    def images(what: str) -> Any:  # noqa: ANN401
        extract = mlc.Extract(ctx=context, file_property=what)
        return mlc.Source(ctx=context, file_set="images", extract=extract)

    def column(name: str) -> Any:  # noqa: ANN401
        return _column(mlc, context, name)

    return mlc.RecordSet(
        ctx=context,
        id="train",
        name="train",
        key=["train/file_name"],
        fields=[
            field("file_name", mlc.DataType.TEXT, column("file_name"), images("filename")),
            field("label", mlc.DataType.TEXT, column("label")),
            field("image", mlc.DataType.IMAGE_OBJECT, images("content")),
        ],
    )
