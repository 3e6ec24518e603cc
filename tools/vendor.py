"""Fetch the front end's third-party files again, at the versions named here.

Run it by hand (`python3 tools/vendor.py`, npm needed) after changing a version; users and CI never do, for
the files are kept in the repository with their licences and hashes. Nothing is altered on the way, save that
the icons we use become one sprite and the font gets a stylesheet of ours.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOR_VISITORS = ROOT / "booking" / "static" / "vendor"
FOR_TESTS = ROOT / "tests" / "vendor"


@dataclass(frozen=True)
class Package:
    """One package of the npm registry: which of its files are kept, and in which folder."""

    npm: str
    version: str
    licence: str
    folder: str
    files: tuple[str, ...]
    licences: tuple[str, ...] = ("LICENSE",)
    """None where a package names its licence without the text, which was then put beside it by hand, and stays."""


BOOTSTRAP = Package(
    "bootstrap",
    "5.3.9",
    "MIT (its bundle holds Popper, MIT too)",
    "bootstrap",
    ("dist/css/bootstrap.min.css", "dist/js/bootstrap.bundle.min.js"),
)
HTMX = Package("htmx.org", "2.0.11", "0BSD", "htmx", ("dist/htmx.min.js",))
TIMELINE = Package(
    "@event-calendar/build",
    "5.10.1",
    "MIT (the package leaves its text out; it is the one of github.com/vkurko/calendar)",
    "event-calendar",
    ("dist/event-calendar.min.js", "dist/event-calendar.min.css"),
    licences=(),
)
FONT_FACES = [
    (subset, weight, style)
    for subset in ("latin-ext", "latin")
    for weight in ("400", "700")
    for style in ("normal", "italic")
]
FONT = Package(
    "@fontsource/atkinson-hyperlegible",
    "5.3.0",
    "OFL-1.1",
    "atkinson-hyperlegible",
    tuple(f"files/atkinson-hyperlegible-{'-'.join(face)}.woff2" for face in FONT_FACES),
)
ICONS = Package("bootstrap-icons", "1.13.2", "MIT", "bootstrap-icons", ())
AXE = Package("axe-core", "4.14.1", "MPL-2.0", "axe-core", ("axe.min.js",), ("LICENSE", "LICENSE-3RD-PARTY.txt"))

ICON_NAMES = """
arrow-counterclockwise arrow-left arrow-left-right arrow-repeat arrow-right bell box-arrow-in-right
box-arrow-right building calendar-check calendar-day calendar-plus calendar-week calendar-x calendar3
car-front check check-circle check-lg chevron-down chevron-left chevron-right clipboard clock clock-history
copy dash door-closed door-open download envelope exclamation-triangle eye eye-slash filter flag gear
geo-alt hourglass-split house info-circle journal-text key link-45deg list list-ul lock pencil people person
person-check person-plus person-x phone plus-lg printer qr-code question-circle rss search share
shield-check star tag telephone three-dots trash truck unlock upload x x-circle x-lg
""".split()  # noqa: SIM905 - words to add to, not a literal to quote


def unpack(package: Package, workshop: Path) -> Path:
    """Have npm fetch (and verify) one package; the folder of its files."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package.npm}@{package.version}"],
        cwd=workshop,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[-1]
    place = workshop / package.folder
    with tarfile.open(workshop / packed) as archive:
        archive.extractall(place, filter="data")
    return place / "package"


def keep(package: Package, source: Path, vendor: Path) -> None:
    """Copy the files we serve and the licence they come under."""
    place = vendor / package.folder
    by_hand = None if package.licences else (place / "LICENSE").read_bytes()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in (*package.files, *package.licences):
        shutil.copyfile(source / name, place / Path(name).name)
    if by_hand is not None:
        (place / "LICENSE").write_bytes(by_hand)


def font_stylesheet(source: Path) -> str:
    """Our own @font-face rules: eight faces, each fetched only by pages that hold its characters."""
    ranges = dict(re.findall(r'"([\w-]+)":\s*"([^"]+)"', (source / "unicode.json").read_text()))
    rules = [
        "@font-face {\n"
        '  font-family: "Atkinson Hyperlegible";\n'
        f"  font-style: {style};\n"
        f"  font-weight: {weight};\n"
        "  font-display: swap;\n"
        f'  src: url("atkinson-hyperlegible-{subset}-{weight}-{style}.woff2") format("woff2");\n'
        f"  unicode-range: {ranges[subset]};\n"
        "}\n"
        for subset, weight, style in FONT_FACES
    ]
    return "\n".join(rules)


def sprite(source: Path) -> str:
    """One SVG with a symbol per icon, for `<svg><use href="…/icons.svg#clock"></use></svg>`."""
    symbols = []
    for name in sorted(ICON_NAMES):
        drawing = (source / "icons" / f"{name}.svg").read_text()
        inside = re.sub(r"\s*\n\s*", "", drawing.split(">", 1)[1].rsplit("</svg>", 1)[0])
        symbols.append(f'<symbol id="{name}" viewBox="0 0 16 16" fill="currentColor">{inside}</symbol>\n')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "".join(symbols) + "</svg>\n"


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_lists(vendor: Path, packages: list[Package]) -> None:
    """`hashes.sha256`, which `sha256sum -c` reads, and `VENDOR.md`, which people read."""
    files = sorted(file for package in packages for file in (vendor / package.folder).iterdir())
    lines = [f"{sha256(file)}  {file.relative_to(vendor)}\n" for file in files]
    (vendor / "hashes.sha256").write_text("".join(lines))
    tables = [
        f"\n## {package.npm} {package.version}\n\nLicence: {package.licence}\n\n| file | sha256 |\n|---|---|\n"
        + "".join(
            f"| {file.relative_to(vendor)} | `{sha256(file)}` |\n"
            for file in files
            if file.parent.name == package.folder
        )
        for package in packages
    ]
    (vendor / "VENDOR.md").write_text(
        "# Files made by others\n\nCopied unaltered from the npm packages named here by `tools/vendor.py`, which "
        "also draws up\nthis list (`icons.svg` and `atkinson-hyperlegible.css` are put together by it). "
        "A test compares\nthe hashes.\n" + "".join(tables)
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        workshop = Path(folder)
        for package in (BOOTSTRAP, HTMX, TIMELINE):
            keep(package, unpack(package, workshop), FOR_VISITORS)
        font = unpack(FONT, workshop)
        keep(FONT, font, FOR_VISITORS)
        (FOR_VISITORS / FONT.folder / "atkinson-hyperlegible.css").write_text(font_stylesheet(font))
        icons = unpack(ICONS, workshop)
        keep(ICONS, icons, FOR_VISITORS)
        (FOR_VISITORS / ICONS.folder / "icons.svg").write_text(sprite(icons))
        keep(AXE, unpack(AXE, workshop), FOR_TESTS)
    write_lists(FOR_VISITORS, [BOOTSTRAP, HTMX, TIMELINE, FONT, ICONS])
    write_lists(FOR_TESTS, [AXE])


if __name__ == "__main__":
    main()
