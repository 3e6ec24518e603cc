"""stub"""
from typing import Any


def dump(session: Any, out: Any, with_secrets: bool = False) -> None:
    raise NotImplementedError
