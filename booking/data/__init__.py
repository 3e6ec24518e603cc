"""Open data and the demonstration, as files of the package; source and licence of each stand in SOURCES.md."""

from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

__all__ = ["as_file", "place", "read_text"]


def place(name: str) -> Traversable:
    """Where a file of this folder lies, inside a wheel too."""
    return files(__name__) / name


def read_text(name: str) -> str:
    """A file of this folder, whole."""
    return place(name).read_text(encoding="utf-8")
