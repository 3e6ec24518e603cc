"""The benchmark of slots: it measures what it says, on a small world."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from booking import bench


def test_the_figures_are_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    options = ["--advisers", "1,10", "--appointments", "300,600", "--repeats", "1"]
    bench.main(["slots", *options, "--json", str(file)])
    figures = json.loads(file.read_text())
    assert len(capsys.readouterr().out.splitlines()) == len(figures)
    assert all(math.isfinite(figure["value"]) for figure in figures)
    statements = [figure["value"] for figure in figures if figure["unit"] == "statements"]
    assert len(statements) == 4
    assert max(statements) <= 10


def test_the_bench_counts_the_slots_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["slots", "--advisers", "3", "--appointments", "50", "--repeats", "1"])
    found = next(line for line in capsys.readouterr().out.splitlines() if line.endswith(" slots"))
    assert float(found.split(": ")[-1].split()[0]) > 100


def test_a_benchmark_that_is_not_there_is_named() -> None:
    with pytest.raises(SystemExit, match="nonsense"):
        bench.main(["nonsense"])
