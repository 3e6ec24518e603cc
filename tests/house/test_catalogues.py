"""Every French sentence of the screens has its English."""

from __future__ import annotations

import re

from tools import catalogues


def test_no_sentence_lacks_its_english() -> None:
    assert catalogues.missing() == []


def test_english_keeps_the_places_that_are_filled_in() -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]", text))

    for catalogue in catalogues.catalogues().values():
        for message in catalogue:
            if not message.id:
                continue
            said = message.string if isinstance(message.string, tuple | list) else [message.string]
            asked = message.id if isinstance(message.id, tuple | list) else [message.id]
            for text in filter(None, said):
                assert places(text) <= {each for one in asked for each in places(one)}, message.id
