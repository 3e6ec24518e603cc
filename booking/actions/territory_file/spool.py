"""A queue of plain values on disk: what is to be written waits there while the rest of a file is read."""

import marshal
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

IN_MEMORY = 8 << 20


class Spool:
    """Values (tuples of texts, numbers and the like) in the order in which they were put."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY, mode="w+b")  # noqa: SIM115 - closed with the spool
        self.count = 0

    def close(self) -> None:
        self._file.close()

    def put(self, value: Any) -> None:
        text = marshal.dumps(value)
        self._file.write(len(text).to_bytes(4, "little"))
        self._file.write(text)
        self.count += 1

    def __iter__(self) -> Iterator[Any]:
        """All of them from the front; nothing is put meanwhile."""
        self._file.seek(0)
        for _ in range(self.count):
            size = int.from_bytes(self._file.read(4), "little")
            yield marshal.loads(self._file.read(size))  # noqa: S302 - our own, written a moment ago
