"""A real SMTP server that can misbehave at every step of taking a mail."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.plumbing.server import free_port

STEPS = ("EHLO", "MAIL", "RCPT", "DATA", "DATA done")
"""The commands at which it can be told to do something else; at ``DATA done`` the mail has been taken."""


@dataclass
class MailServer:
    """Takes mails on a port of 127.0.0.1 and keeps them in the order they came.

    ``behave`` maps a step to what is done there instead: an answer (``"451 later"``), ``"stall"`` or ``"drop"``.
    ``at`` maps a step to a function called there in a thread; while it runs the client waits.
    """

    behave: dict[str, str] = field(default_factory=dict)
    at: dict[str, Callable[[], None]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    taken: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    port: int = field(default_factory=free_port)
    _controller: Any = None
    _let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.taken]

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message in self.taken if message["To"] == address]

    def start(self) -> None:
        self._controller = Controller(_Handler(self), hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        self._let_go.set()
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    async def step(self, name: str, server: SMTP) -> str | None:
        """What to answer at this step, ``None`` to go on as usual."""
        if name in self.at:
            await asyncio.get_running_loop().run_in_executor(None, self.at[name])
        wanted = self.behave.get(name)
        if wanted == "stall":
            while not self._let_go.is_set():
                await asyncio.sleep(0.02)
        if wanted in ("drop", "stall"):
            transport = server.transport
            if transport is not None:
                transport.abort()  # type: ignore[attr-defined]  # a socket's transport has it
            return "421 gone"
        return wanted


class _Handler:
    def __init__(self, kept: MailServer) -> None:
        self._kept = kept

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self._kept.connections += 1
        session.host_name = hostname
        answer = await self._kept.step("EHLO", server)
        return responses if answer is None else [answer]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._kept.step("MAIL", server)
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._kept.refused.get(address) or await self._kept.step("RCPT", server)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await self._kept.step("DATA", server)
        if answer is not None:
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self._kept.taken.append(message)
        return await self._kept.step("DATA done", server) or "250 OK"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """An SMTP server that takes everything, until it is told to misbehave."""
    server = MailServer()
    server.start()
    yield server
    server.stop()
