"""The repository as it is: its files, and its Python as syntax trees."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file of the repository, relative to its root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    names = (Path(name) for name in listed.stdout.split("\0") if name)
    return tuple(name for name in names if (ROOT / name).exists())


def python_of(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """The Python files below these folders, parsed; paths are relative to the root."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file.relative_to(ROOT), ast.parse(file.read_text(), str(file))


def called(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Each call in the tree with the dotted name it is written with: `datetime.now`, `session.commit`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(expression: ast.expr) -> str:
    """`a.b.c` for names and attributes; `?` stands for any other expression."""
    if isinstance(expression, ast.Attribute):
        return f"{dotted(expression.value)}.{expression.attr}"
    return expression.id if isinstance(expression, ast.Name) else "?"
