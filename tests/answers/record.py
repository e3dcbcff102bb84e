"""Writes every answer of the library, one line each: what two commits must agree on when only code moves.

    python tests/answers/record.py /tmp/before.jsonl                    in one checkout
    python tests/answers/record.py /tmp/after.jsonl                     in another
    cmp /tmp/before.jsonl /tmp/after.jsonl

Plans of all schemes on the nine samples and 26 scenarios (the nine shipped ones and those beside this
file), as `--json` prints them, and the figures of the five papers. `--library core` is for commits in which
the library had that name. Run times are no answers and are left out.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DRAWS, SEED = 200, 7


def scenario_files() -> list[Path]:
    """The shipped scenarios, then those beside this file."""
    shipped = HERE.parents[1] / "assets" / "scenarios"
    return [*sorted(shipped.glob("*.toml")), *sorted((HERE / "scenarios").glob("*.toml"))]


def answers_of(model: str, *, library: str) -> list[str]:
    """One line a scenario and scheme for one model."""
    face = importlib.import_module(library)
    schemes = _part(library, "schemes")
    plain = _part(library, "plain").plain
    graph = face.load_model(f"sample:{model}")
    lines = []
    for file in scenario_files():
        scenario = face.load_scenario(str(file))
        for scheme in schemes.SCHEMES:
            try:
                told: Any = plain(face.plan(graph, scenario, scheme))
            except face.CutwiseError as error:
                told = {"error": type(error).__name__, "sentence": str(error)}
            key = {"model": model, "scenario": file.stem, "scheme": scheme}
            lines.append(json.dumps(key | {"answer": told}, allow_nan=False))
    return lines


def paper_figures(library: str) -> Iterator[str]:
    """One line a published figure: ours at the preset, and how it is distributed."""
    papers = _part(library, "papers")
    for key, one in papers.papers().items():
        for figure in one.figures:
            found = papers.headline(one, figure.name, draws=DRAWS, seed=SEED)
            told = {"preset": found.preset_ratio, "draws": [float(value) for value in found.reduction_ratio]}
            yield json.dumps({"paper": key, "figure": figure.name, "answer": told})


def _part(library: str, name: str) -> Any:
    return importlib.import_module(f"{library}.{name}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--library", default="cutwise")
    known = parser.parse_args()
    models = importlib.import_module(known.library).samples()
    with ProcessPoolExecutor(2) as pool, known.out.open("w", encoding="utf-8") as file:
        for lines in pool.map(partial(answers_of, library=known.library), models):
            file.writelines(f"{line}\n" for line in lines)
        file.writelines(f"{line}\n" for line in paper_figures(known.library))


if __name__ == "__main__":
    main()
