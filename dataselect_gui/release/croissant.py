"""``croissant.json``: the bundle described in MLCommons Croissant 1.1, by its own library."""

import datetime
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dataselect_gui.records.forms.form import DATA, DescribedField, WrittenForm
from dataselect_gui.records.kinds import FORMS
from dataselect_gui.release.guarantees import promise
from dataselect_gui.release.terms import Terms
from dataselect_gui.texts import english

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
_LISTINGS = {".csv": "text/csv"}
_FILES = "images"
"""The name of the set of the records' files."""
_NUMBERS = frozenset({"score", "count"})
_LANGUAGE = {"@container": "@language"}
# Additions of 1.1 to the library's context, which is that of 1.0.
_CONTEXT_1_1 = {
    "arrayShape": "cr:arrayShape",
    "containedIn": "cr:containedIn",
    "isArray": "cr:isArray",
    "name": _LANGUAGE,
    "description": _LANGUAGE,
}


@english()
def describe(
    terms: Terms, files: dict[str, str], listing: str, fields: Sequence[DescribedField]
) -> str:
    """Return the description of a bundle's data.

    Parameters
    ----------
    terms : Terms
        What the release is.
    files : dict
        Relative path → SHA-256 of every file below ``data``.
    listing : str
        The relative path of the file that lists the content.
    fields : sequence of DescribedField
        Those of the records, where there are some.
    """
    mlc = _library()
    context = mlc.Context(conforms_to=CONFORMS_TO)
    context.rdf = mlc.Rdf(context={**mlc.Rdf().context, **_CONTEXT_1_1})
    form = next((form for form in FORMS if form.listing == listing), None)
    encoding = _LISTINGS.get(Path(listing).suffix, "application/octet-stream")
    extensions = sorted({name.rpartition(".")[2] for name in files if name != listing})
    list_file = mlc.FileObject(
        ctx=context,
        id="listing",
        name=Path(listing).name,
        content_url=listing,
        encoding_formats=[encoding if form is None else form.listing_encoding],
        sha256=files[listing],
    )
    files_of_records, record_sets = [], []
    if terms.kind.columns is not None:
        record_sets = [_rows(mlc, context, terms.kind.columns)]
    elif form is not None and fields and (extensions or not form.encodings):
        files_of_records = _record_files(mlc, context, form, extensions) if extensions else []
        record_sets = [_records(mlc, context, fields)]
    metadata = mlc.Metadata(
        ctx=context,
        name="selection" if terms.kind.discloses else terms.kind.name,
        description=f"{terms.kind.heading}{_by(terms)}. {promise(terms)}",
        cite_as=f"DataSelect release {terms.release}",
        date_published=datetime.datetime.fromisoformat(terms.date),
        license=["Not stated: ask the data owner"],
        url=f"urn:dataselect:{terms.release}",
        version="1.0.0",
        distribution=[list_file, *files_of_records],
        record_sets=record_sets,
    )
    return json.dumps(metadata.to_json(), indent=2, default=str) + "\n"


def _by(terms: Terms) -> str:
    if terms.marks is not None:
        return ""
    return ", by a rule on each record" if terms.score is None else f", by the score {terms.score}"


def problems_of(path: Path) -> list[str]:
    """Return the problems that Croissant's own library reports in a description."""
    import logging

    mlc = _library()
    logging.getLogger("absl").setLevel(logging.CRITICAL)
    try:
        issues = mlc.Dataset(jsonld=str(path)).metadata.issues
    except Exception as error:  # The library passes on all errors of its parsers.
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


def _record_files(mlc: Any, context: Any, form: WrittenForm, extensions: list[str]) -> list[Any]:  # noqa: ANN401
    return [
        mlc.FileSet(
            ctx=context,
            id=_FILES,
            name=_FILES,
            encoding_formats=[form.encodings[extension] for extension in extensions],
            includes=[f"{DATA}/*.{extension}" for extension in extensions],
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


def _records(mlc: Any, context: Any, fields: Sequence[DescribedField]) -> Any:  # noqa: ANN401
    types = {
        "text": mlc.DataType.TEXT,
        "number": mlc.DataType.FLOAT,
        "image": mlc.DataType.IMAGE_OBJECT,
    }

    def files(file_property: str) -> Any:  # noqa: ANN401
        extract = mlc.Extract(ctx=context, file_property=file_property)
        return mlc.Source(ctx=context, file_set=_FILES, extract=extract)

    def source(field: DescribedField) -> Any:  # noqa: ANN401
        if field.read_from == "content":
            return files("content")
        return _column(mlc, context, field.name)

    return mlc.RecordSet(
        ctx=context,
        id="train",
        name="train",
        key=[f"train/{field.name}" for field in fields if field.is_file_name],
        fields=[
            mlc.Field(
                ctx=context,
                id=f"train/{field.name}",
                name=field.name,
                description=field.description or None,
                data_types=[types[field.data_type]],
                source=source(field),
                references=files("filename") if field.is_file_name else None,
            )
            for field in fields
        ],
    )
