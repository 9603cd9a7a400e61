"""Rooms meet by types: no public signature of the program takes or returns an object of any values."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "dataselect_gui"
OBJECTS = {"dict", "Mapping", "MutableMapping"}
EDGES = {
    "cli/output.py": "prints any JSON object",
    "workflow/score_files.py": "columns of any kind, on their way to a file",
    "release/documents.py": "the JSON documents of a bundle, which their schemas check",
    "norms/": "the arguments of PyTorch's operations, as PyTorch hands them over",
    "scoring/batching/": "the arguments of a graph's operations, tensors among them",
    "checkpoints/exported/": "these arguments, as a .pt2 file states them",
    "checkpoints/operations.py": "these arguments, held against what was reviewed",
}
"""Where values of any kind come in or go out, by the start of a path: the reason."""


def is_any_object(node: ast.AST) -> bool:
    """Say whether a part of an annotation is ``dict[str, Any]`` or the like."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Tuple(elts=[ast.Name(id="str"), value])):
            return name in OBJECTS and isinstance(value, ast.Name) and value.id == "Any"
    return False


def annotations(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield each annotation that others see, with the name that it belongs to."""

    def of_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr]]:
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                yield f"{node.name}({argument.arg})", argument.annotation
        if node.returns is not None:
            yield f"{node.name}()", node.returns

    def of_body(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
        for node in body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    if not name.startswith("_") or name == "__init__":
                        yield from of_function(node)
                case ast.ClassDef(name=name) if not name.startswith("_"):
                    yield from of_body(node.body)
                case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
                    yield name, node.annotation

    yield from of_body(tree.body)


def found_in(source: str) -> list[str]:
    """Return the names whose annotation holds an object of any values."""
    return [
        name
        for name, annotation in annotations(ast.parse(source))
        if any(map(is_any_object, ast.walk(annotation)))
    ]


def test_no_room_hands_over_an_object_of_any_values() -> None:
    by_file = {
        str(path.relative_to(PACKAGE).as_posix()): found_in(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    having = {path: names for path, names in by_file.items() if names}
    edges = {edge: [path for path in having if path.startswith(edge)] for edge in EDGES}
    at_edges = {path for paths in edges.values() for path in paths}
    assert not {path: names for path, names in having.items() if path not in at_edges}
    assert all(edges.values()), "an exception that nothing needs any more"


def test_the_test_above_can_fail() -> None:
    assert found_in("def seam(a: dict[str, Any]) -> None: ...") == ["seam(a)"]
    assert found_in("def seam() -> list[Mapping[str, Any]]: ...") == ["seam()"]
    assert found_in("class Seam:\n    a: dict[str, Any] | None = None") == ["a"]
    assert found_in("class Seam:\n    def of(self, *, a: dict[str, Any]) -> None: ...") == ["of(a)"]
    assert found_in("def _within(a: dict[str, Any]) -> None: ...") == []
