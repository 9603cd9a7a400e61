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
    ast.UnaryOp,
    ast.Compare,
    ast.BoolOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
    ast.Mod,
    ast.Pow,
    ast.unaryop,
    ast.cmpop,
    ast.boolop,
    ast.Load,
)
# torch pastes names into source code that it executes: the model's forward function.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|")
_NAME_KEYS = frozenset({"name", "as_name", "forward_arg_names"})
_WORD = re.compile(r"[A-Za-z0-9_.@+-]*")
_TEXT = re.compile(r"[A-Za-z0-9_ .,>-]*")
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
    except (
        zipfile.BadZipFile,
        OSError,
        UnicodeDecodeError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        MemoryError,
    ):
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
        graph["guards_code"] = []  # Python source that loading would execute.
        _check(path, graph)
        return json.dumps(graph).encode()
    raise _refused(path, f"It holds “{name}”, which is neither a tensor nor a graph.")


def _check(path: Path, node: Any, key: str = "") -> None:  # noqa: ANN401  (any part of JSON)
    """Walk a graph's JSON and refuse what is not on a list; the key is what it is stored under."""
    if isinstance(node, list):
        for part in node:
            _check(path, part, key)
    elif isinstance(node, dict):
        if node.get("custom_obj_values"):
            raise _refused(path, "Its graph holds program objects.")
        if "metadata" in node:
            # Where an operation came from; loading parses it, nothing needs it.
            node["metadata"] = {}
        for name, part in node.items():
            _check_word(path, name, _WORD)
            _check(path, part, name)
    elif isinstance(node, str):
        if key in {"target", "as_operator"}:
            if not _OPERATION.fullmatch(node):
                raise _refused(path, f"Its graph calls “{node}”.")
        elif key == "expr_str":
            _check_expression(path, node)
        elif key in {"in_spec", "out_spec", "context"} and node:
            # JSON within JSON: how inputs and outputs are nested, and the names of keywords.
            _check(path, json.loads(node), "name" if key == "context" else "")
        elif key in _NAME_KEYS:
            _check_word(path, node, _NAME)
        else:
            _check_word(path, node, _TEXT if key in {"as_string", "as_strings"} else _WORD)


def _check_word(path: Path, word: str, allowed: re.Pattern[str]) -> None:
    if not allowed.fullmatch(word):
        raise _refused(path, "A name in its graph is more than a name.")


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
            allowed = (
                isinstance(node.right, ast.Constant)
                and node.right.value in {2, 3, 4}
                and not any(isinstance(part, ast.Pow) for part in ast.walk(node.left))
            )
        elif isinstance(node, ast.BinOp):
            allowed = isinstance(node.op, _EXPRESSION_NODES)
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
