"""Finds the French sentences that have no English yet: `python tools/catalogues.py` adds them to the catalogues.

A sentence belongs to the catalogue of the screens it stands on: `templates/day/…` and `booking/web/day.py` go to
`booking/locale/en/day.po`. Sentences that nothing says any more are taken out. Nothing has to be compiled.
Names of catalogues limit it to those (`python tools/catalogues.py day planner`). `--check` writes nothing and
fails when there is something to do.
"""

import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
CATALOGUES = ROOT / "booking" / "locale" / "en"
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
}
JINJA = {"trimmed": "true", "silent": "false"}
FAMILIES = {
    "_macros": "common",
    "errors": "common",
    "base": "common",
    "refused": "common",
    "base_form": "common",
    "__init__": "common",
    "doors": "common",
    "accounts": "people",
    "account_list": "people",
    "passwords": "people",
    "opening_form": "openings",
    "recurrence_form": "openings",
    "absence_form": "absences",
}

Key = str | tuple[str, ...]


def sources() -> Iterator[tuple[Path, str, str]]:
    """(file, how it is read, the catalogue of its sentences)."""
    for file in sorted((ROOT / "templates").rglob("*")):
        if file.is_file():
            place = file.relative_to(ROOT / "templates")
            name = place.parts[0] if len(place.parts) > 1 else place.stem
            yield file, "jinja2.ext:babel_extract", FAMILIES.get(name, name)
    for file in sorted((ROOT / "booking").rglob("*.py")):
        yield file, "python", FAMILIES.get(file.stem, file.stem)


def spoken() -> dict[Key, str]:
    """Every sentence of the screens, and the catalogue where it belongs (the first file that says it)."""
    found: dict[Key, str] = {}
    for file, method, family in sources():
        options = JINJA if method.startswith("jinja2") else {}
        for _, message, _, _ in extract_from_file(method, file, keywords=KEYWORDS, options=options):
            key = tuple(message) if isinstance(message, list | tuple) else message
            if key:
                found.setdefault(key, family)
    return found


def catalogues() -> dict[str, Catalog]:
    read = {}
    for file in sorted(CATALOGUES.glob("*.po")):
        with file.open("rb") as source:
            read[file.stem] = read_po(source, locale="en")
    return read


def key_of(message: Message) -> Key:
    return tuple(message.id) if isinstance(message.id, list | tuple) else message.id


def is_translated(message: Message) -> bool:
    said = message.string if isinstance(message.string, list | tuple) else [message.string]
    return bool(said) and all(said)


def missing() -> list[Key]:
    """The sentences without English."""
    done = {key_of(each) for catalogue in catalogues().values() for each in catalogue if is_translated(each)}
    return [key for key in spoken() if key not in done]


def update(only: Collection[str] = ()) -> list[Path]:
    """Adds what lacks, takes out what nothing says any more; the files that changed."""
    needed, known = spoken(), catalogues()
    standing: dict[Key, str] = {}
    for family, catalogue in known.items():
        for message in catalogue:
            if message.id:
                standing.setdefault(key_of(message), family)
    changed = []
    for family in sorted({*known, *needed.values()}):
        if only and family not in only:
            continue
        old = known.get(family, Catalog(locale="en"))
        new = Catalog(locale="en", project="booking", charset="utf-8", fuzzy=False)
        for message in old:
            key = key_of(message)
            if message.id and key in needed and standing[key] == family:
                new.add(message.id, message.string)
        for key, home in needed.items():
            if home == family and key not in standing:
                new.add(key, "" if isinstance(key, str) else ("", ""))
        ids = [key_of(each) for each in new if each.id]
        if ids != [key_of(each) for each in old if each.id]:
            write(family, new)
            changed.append(CATALOGUES / f"{family}.po")
    return changed


def write(family: str, catalogue: Catalog) -> None:
    file = CATALOGUES / f"{family}.po"
    if not any(each.id for each in catalogue):
        file.unlink(missing_ok=True)
        return
    CATALOGUES.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as target:
        write_po(target, catalogue, width=100, omit_header=False, no_location=True)
    # Dates in the head of a catalogue only make two people's changes collide.
    lines = file.read_text(encoding="utf-8").split("\n")
    head = lines.index("") if "" in lines else len(lines)
    kept = [line for line in lines[:head] if "Content-Type" in line or "Plural-Forms" in line or line.startswith("msg")]
    file.write_text("\n".join([*kept, *lines[head:]]), encoding="utf-8")


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    if "--check" not in sys.argv:
        for path in update(names):
            print(f"changed: {path.relative_to(ROOT)}")
    lacking = missing()
    for sentence in lacking:
        print(f"no English: {sentence if isinstance(sentence, str) else sentence[0]}")
    sys.exit(1 if lacking and "--check" in sys.argv else 0)
