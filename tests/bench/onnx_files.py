"""Reads every ONNX file in packages and folders, and prints what became of it.

Real files are found in packages: pip download --no-deps -d /tmp/wheels rapidocr-onnxruntime silero-vad;
python -m tests.bench.onnx_files /tmp/wheels. Nothing in a package is installed or run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import onnx

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.importers import load_model

ZOO = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
ARCHIVES = frozenset({".whl", ".zip"})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.onnx_files", description=__doc__)
    parser.add_argument("places", nargs="*", type=Path, default=[ZOO], help="files, folders or wheels")
    print(f"{'file':58s} {'ops':>6s} {'parameters':>12s} {'macs':>14s} {'seconds':>7s}  what is said")
    with tempfile.TemporaryDirectory(prefix="cutwise-onnx-") as folder:
        rows = [row(path) for place in parser.parse_args().places for path in found(place, Path(folder))]
    print(f"{sum(rows)} of {len(rows)} read, every shape static")


def found(place: Path, folder: Path) -> Iterator[Path]:
    """ONNX files at `place`; those in wheels are unpacked below `folder`."""
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.suffix in {*ARCHIVES, ".onnx"}:
                yield from found(path, folder)
    elif place.suffix in ARCHIVES:
        with zipfile.ZipFile(place) as archive:
            for name in sorted(name for name in archive.namelist() if name.endswith(".onnx")):
                yield Path(archive.extract(name, folder / place.stem))
    else:
        yield place


def row(path: Path) -> bool:
    """Prints what one file became; True for a graph whose every shape is static."""
    start = time.perf_counter()
    name = "/".join(path.parts[-2:])[-58:]
    try:
        graph = load_model(path)
        cost = price(graph, Workload())
    except CutwiseError as error:
        print(f"{name:58s} {'no':>6s} {error}")
        return False
    seconds = time.perf_counter() - start
    static = all(min(op.output.shape, default=1) > 0 for op in graph.ops)
    said = [f"unpriced {dict(cost.unpriced)}"] if cost.unpriced else []
    said += [] if static else ["SHAPES NOT STATIC"]
    print(
        f"{name:58s} {len(graph):6d} {graph.parameters:12,d} {cost.macs:14,d} {seconds:7.2f}  "
        f"{'; '.join([*said, *graph.warnings])[:160]}"
    )
    return static


if __name__ == "__main__":
    main()
