"""Make a ``.pt2`` file safe to load: a graph of known operations and plain numbers, nothing else.

`torch.export.load` trusts its input. It unpickles the sample inputs and, where the archive asks for
it, weights and constants; it executes ``guards_code`` as Python; it parses symbolic expressions with
an evaluating parser; it looks operations up by attribute from the ``torch`` module, from which the
whole standard library can be reached. All of these would run a stranger's code.

So the archive is read here, without torch, and written anew into memory from what is known to be
harmless: tensors as raw bytes, and a graph whose every operation and expression is on a list.
"""

import ast
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from dataselect_gui.errors import UnusableError

_OPERATION = re.compile(
    r"torch\.ops\.aten\.(?!from_file)[a-z0-9_]+\.[A-Za-z0-9_]+"
    r"|torch\.ops\.higher_order\.wrap_with_(set_grad_enabled|autocast)"
    r"|torch\.sym_(int|float|max|min|not|sum|ite)"
    r"|_operator\.(getitem|add|sub|mul|floordiv|truediv|mod|neg|pow|eq|ne|lt|le|gt|ge|and_|or_|not_)"
    r"|math\.(floor|ceil|trunc|sqrt)"
)
_FUNCTIONS = frozenset(
    "Symbol Integer Float Rational Add Mul Mod Max Min FloorDiv CeilDiv ModularIndexing CleanDiv "
    "PythonMod ToFloat TruncToInt FloorToInt CeilToInt IntTrueDiv Eq Ne Le Lt Ge Gt And Or Not Abs "
    "floor ceiling".split()
)
_SYMBOL = re.compile(r"[a-z]{1,8}\d+")
_EXPRESSION_NODES = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.BoolOp,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
    ast.boolop,
    ast.Load,
)
_RAW_TENSOR = re.compile(r"data/(weights/weight_\d+|constants/tensor_\d+)")
_TENSOR_LIST = re.compile(r"data/(weights|constants)/[^/]+_config\.json")
_GRAPH = re.compile(r"models/[^/]+\.json")
_SAMPLE_INPUTS = re.compile(r"data/sample_inputs/[^/]+\.pt")
_PLAIN = re.compile(
    r"archive_format|archive_version|byteorder|\.data/(version|serialization_id)|version"
)
_IGNORED = re.compile(r"extra/.*")


def read_exported(path: Path) -> io.BytesIO:
    """Return the content of a ``.pt2`` file with nothing in it that could run.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    io.BytesIO
        An archive for `torch.export.load`.

    Raises
    ------
    UnusableError
        Where the file is damaged, or holds something that is not known to be harmless.
    """
    safe = io.BytesIO()
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(safe, "w") as written:
            for info in archive.infolist():
                root, _, name = info.filename.partition("/")
                if _IGNORED.fullmatch(name):
                    continue
                if info.compress_type != zipfile.ZIP_STORED:
                    raise _refused(path, "It is packed in a way that torch.export.save never uses.")
                content = _harmless(path, name, archive.read(info))
                written.writestr(f"{root}/{name}", content)
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError, ValueError, KeyError, TypeError):
        raise UnusableError(
            f"“{path.name}” is damaged.",
            "It is not an archive as torch.export.save writes it.",
            "Fetch the checkpoint again.",
        ) from None
    safe.seek(0)
    return safe


def _harmless(path: Path, name: str, content: bytes) -> bytes:
    if _RAW_TENSOR.fullmatch(name) or _PLAIN.fullmatch(name):
        return content
    if _SAMPLE_INPUTS.fullmatch(name):
        return b""  # A pickle that no score needs.
    if _TENSOR_LIST.fullmatch(name):
        for tensor, entry in json.loads(content)["config"].items():
            stored = f"{name.rpartition('/')[0]}/{entry['path_name']}"
            if entry["use_pickle"] or not _RAW_TENSOR.fullmatch(stored):
                raise _refused(path, f"“{tensor}” is stored as a pickle or a program object.")
        return content
    if _GRAPH.fullmatch(name):
        graph = json.loads(content)
        _check(path, graph)
        graph["guards_code"] = []  # Python source that loading would execute.
        return json.dumps(graph).encode()
    raise _refused(path, f"It holds “{name}”, which is neither a tensor nor a graph.")


def _check(path: Path, node: Any) -> None:  # noqa: ANN401  (any part of a JSON document)
    """Walk a graph's JSON and refuse what is not on a list."""
    if isinstance(node, list):
        for part in node:
            _check(path, part)
    elif isinstance(node, dict):
        target = node.get("target")
        if "inputs" in node and isinstance(target, str) and not _OPERATION.fullmatch(target):
            raise _refused(path, f"Its graph calls “{target}”.")
        if "expr_str" in node:
            _check_expression(path, node["expr_str"])
        if node.get("custom_obj_values"):
            raise _refused(path, "Its graph holds program objects.")
        if "metadata" in node and "inputs" in node:
            node[
                "metadata"
            ] = {}  # Where each operation came from; loading parses it, nothing needs it.
        for part in node.values():
            _check(path, part)


def _check_expression(path: Path, text: str) -> None:
    """Refuse a symbolic expression that is more than arithmetic on sizes."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        raise _refused(path, "An expression in its graph cannot be read.") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            allowed = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            # Towers of powers would hang the parser.
            allowed = isinstance(node.right, ast.Constant) and node.right.value in {2, 3, 4}
        elif isinstance(node, ast.Name):
            allowed = node.id in _FUNCTIONS or bool(_SYMBOL.fullmatch(node.id))
        elif isinstance(node, ast.Constant):
            allowed = not isinstance(node.value, str) or bool(_SYMBOL.fullmatch(node.value))
        elif isinstance(node, ast.keyword):
            allowed = node.arg in {"positive", "integer", "nonnegative", "real", "evaluate"}
        else:
            allowed = isinstance(node, _EXPRESSION_NODES)
        if not allowed:
            raise _refused(path, "An expression in its graph is more than arithmetic on sizes.")


def _refused(path: Path, why: str) -> UnusableError:
    return UnusableError(
        f"“{path.name}” is refused.",
        f"{why} Opening it could run a stranger's program on this machine.",
        "Ask the consortium for a file written by torch.export.save from a plain model.",
    )
