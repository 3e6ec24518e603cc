"""The benchmarks behind `booking bench [NAME] [options] [--json FILE]`.

Each builds its own data, measures against a baseline interleaved in the same run, and yields one figure a line.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

Options = list[str]


@dataclass(frozen=True)
class Figure:
    """One measured value; ``ratio`` is to the baseline of the same run, where there is one."""

    name: str
    value: float
    unit: str
    ratio: float | None = None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"  ratio {self.ratio:.3g}"
        return f"{self.name}: {self.value:.4g} {self.unit}{ratio}"


def _in_module(module: str) -> Callable[[Options], Iterator[Figure]]:
    def run(options: Options) -> Iterator[Figure]:
        figures: Iterator[Figure] = import_module(f"booking.bench.{module}").run(options)
        return figures

    return run


BENCHMARKS: dict[str, Callable[[Options], Iterator[Figure]]] = {
    name: _in_module(name) for name in ("slots", "book", "race", "feed", "reminders", "import_file")
}
BENCHMARKS["import"] = BENCHMARKS.pop("import_file")


def main(arguments: Options) -> None:
    """Runs one benchmark, or every one that stands, and prints its figures as they come."""
    options = list(arguments)
    file = _taken(options, "--json")
    name = options.pop(0) if options and not options[0].startswith("-") else None
    if name is not None and name not in BENCHMARKS:
        sys.exit(f"No such benchmark: {name}. There are: {', '.join(BENCHMARKS)}.")
    if name is None and {"-h", "--help"} & set(options):
        print(f"{(__doc__ or '').strip()}\n\nBenchmarks: {', '.join(BENCHMARKS)}.")
        return
    figures = []
    for each in [name] if name is not None else BENCHMARKS:
        try:
            for figure in BENCHMARKS[each](options):
                print(figure, flush=True)
                figures.append(figure)
        except ModuleNotFoundError as error:
            if name is not None or not str(error.name).startswith("booking.bench."):
                raise
    if file is not None:
        Path(file).write_text(json.dumps([asdict(each) for each in figures], indent=1) + "\n", encoding="utf-8")


def _taken(options: Options, name: str) -> str | None:
    """Takes ``name VALUE`` or ``name=VALUE`` out of the options."""
    for index, option in enumerate(options):
        if option == name and index + 1 < len(options):
            value = options[index + 1]
            del options[index : index + 2]
            return value
        if option.startswith(f"{name}="):
            del options[index]
            return option.partition("=")[2]
    return None
