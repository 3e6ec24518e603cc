"""Requests octet by octet, for what no well-behaved client would send."""

from __future__ import annotations

import contextlib
import socket
from typing import NamedTuple

from tests.plumbing.server import Server


class Raw(NamedTuple):
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


def raw(server: Server, request: bytes, *, hangs_up: bool = False) -> Raw | None:
    """Sends these octets (and says that no more will come); ``None`` when there was no answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        with contextlib.suppress(OSError):  # it may have answered and closed before all was sent
            connection.sendall(request)
            if hangs_up:
                connection.shutdown(socket.SHUT_WR)
        received = bytearray()
        with contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                received += piece
    if not received:
        return None
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.title(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Raw(int(first.split()[1]), headers, body)


def request(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
