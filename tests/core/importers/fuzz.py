"""Mutated model files, many to a process that has limits of its own: `python fuzz.py FIRST COUNT`.

Every file must end as a graph or in a `ModelImportError`; anything else, a hang or too much memory ends
the process with a failure. Prints one line: files, graphs, refusals, slowest seconds, peak megabytes.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from cutwise import sample_models
from cutwise.errors import ModelImportError
from cutwise.importers.gate.reading import read_here

MADE = Path(__file__).with_name("made")
OTHER_FORMATS = ("tiny-llama-q8_0.gguf", "small-twins.keras", "small-text.h5", "small-fp32.tflite")
SAMPLES = Path(sample_models.__file__).parent
MEMORY_BYTES, CPU_S, SLOWEST_S = 3 * 2**30, 3000, 20.0
GRAPH = b"""{"format": "cutwise-graph/1", "name": "toy", "ops": [
 {"id": "x", "kind": "input", "inputs": [], "output_bytes": 602112},
 {"id": "a", "inputs": ["x"], "forward_flops": 1e9, "weight_bytes": 4096, "output_bytes": 8},
 {"id": "b", "inputs": ["x", "a"], "device_forward_s": [0.1, 0.2], "trainable_bytes": 7}]}"""


def mutated(content: bytes, draw: random.Random) -> bytes:
    """A few bytes changed, inserted, removed, repeated or cut off."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        if not changed:
            break
        place = draw.randrange(len(changed))
        match draw.choice((0, 0, 1, 1, 2, 3, 4, 5)):
            case 0:
                changed[place] = draw.randrange(256)
            case 1:
                changed[place] ^= 1 << draw.randrange(8)
            case 2:
                changed[place:place] = draw.randbytes(draw.randint(1, 9))
            case 3:
                del changed[place : place + draw.randint(1, 200)]
            case 4:
                changed[place:place] = changed[place : place + draw.randint(1, 4000)]
            case 5:
                changed = changed[: max(1, place)] if draw.random() < 0.2 else changed
    return bytes(changed)


def bases() -> list[tuple[str, bytes]]:
    names = ("vgg16", "unet", "resnet18", "gpt2", "mobilenet_v2", "two_tower")
    models = [(f"{name}.onnx", (SAMPLES / f"{name}.onnx").read_bytes()) for name in names]
    made = [(name, (MADE / name).read_bytes()) for name in OTHER_FORMATS]
    return [*models, ("toy.json", GRAPH), ("toy.json", GRAPH), *made]


def run(first: int, count: int) -> tuple[int, int, float]:
    """Graphs read, files refused, and the slowest file's seconds."""
    graphs, slowest, started = 0, 0.0, bases()
    sentences: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            draw = random.Random(seed)
            name, content = started[seed % len(started)]
            path = Path(folder) / name
            path.write_bytes(mutated(content, draw))
            began = time.perf_counter()
            try:
                read_here(path, {})
                graphs += 1
            except ModelImportError as error:
                sentences.append(str(error))
            took = time.perf_counter() - began
            assert took < SLOWEST_S, f"seed {seed} took {took:.1f} s"
            slowest = max(slowest, took)
    assert not [sentence for sentence in sentences if "\n" in sentence]
    return graphs, len(sentences), slowest


def peak_kilobytes() -> int:
    """The most this process held; `ru_maxrss` starts at what the process that started it held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    first, count = map(int, sys.argv[1:3])
    graphs, refused, slowest = run(first, count)
    peak_mb = peak_kilobytes() / 1e3
    sys.stdout.write(
        f"{count} files: {graphs} read, {refused} refused, slowest {slowest:.2f} s, peak {peak_mb:.0f} MB\n"
    )


if __name__ == "__main__":
    main()
