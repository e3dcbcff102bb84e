"""What is recognised and not read: one row a format, each with the sentence that says what to do."""

from __future__ import annotations

import re
from pathlib import Path

from cutwise.importers.gate.refused_format import Evidence, RefusedFormat, small_document
from cutwise.importers.gate.refused_json import REFUSED_JSON
from cutwise.importers.gate.zip_directory import entry_names
from cutwise.read_limits import ZIP_ENTRIES

EXPORT_COMMAND = "cutwise export my_model.py:build --out model.pt2"
EXPORT = (
    "export it to ONNX with torch.onnx.export(model, example, 'model.onnx', dynamo=True, optimize=False), or "
    f"to .pt2 on your own machine with {EXPORT_COMMAND}"
)
ORIGINAL = f"give the model that it was made from: {EXPORT}"
GGML_MAGICS = frozenset({b"lmgg", b"fmgg", b"tjgg", b"algg"})
PICKLED_SUFFIXES = frozenset({".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib", ".th"})


PICKLE_SENTENCE = f"holds pickled Python objects; loading it would run code; {EXPORT}"

REFUSED = (
    RefusedFormat(
        "torchscript",
        lambda e: e.has_name(r"(^|/)code/") or (e.has_name(r"(^|/)constants\.pkl$") and e.has_name(r"\.py$")),
        f"is a TorchScript archive; loading it would run code; {EXPORT}",
    ),
    RefusedFormat(
        "torch_export",
        lambda e: e.has_name(r"(^|/)archive_format$"),
        "is a PyTorch archive that holds no exported program; save the model with "
        f"torch.export.save, or on your own machine with {EXPORT_COMMAND}",
    ),
    RefusedFormat("pickle_zip", lambda e: e.has_name(r"\.pkl$"), PICKLE_SENTENCE),
    RefusedFormat(
        "core_ml",
        lambda e: e.has_suffix(".mlmodel", ".mlpackage", ".mlmodelc") or e.has_name(r"com\.apple\.CoreML"),
        f"is a Core ML model, made from another one; {ORIGINAL}",
    ),
    RefusedFormat(
        "mlx",
        lambda e: e.path.name == "weights.npz" or e.has_name(r"\.(scales|biases)\.npy$"),
        "holds weights as MLX keeps them, without a graph; give the folder with the config.json beside it",
    ),
    RefusedFormat(
        "numpy",
        lambda e: e.head.startswith(b"\x93NUMPY") or e.has_name(r"\.npy$"),
        "holds NumPy arrays, not a model; give the model as ONNX or cutwise-graph/1 JSON",
    ),
    RefusedFormat(
        "zip",
        lambda e: e.head.startswith(b"PK"),
        "is a zip archive and is not unpacked; give the model file itself, as ONNX or cutwise-graph/1 JSON",
    ),
    RefusedFormat("pickle", lambda e: _is_pickle(e.head), PICKLE_SENTENCE),
    RefusedFormat(
        "gzip",
        lambda e: e.head.startswith(b"\x1f\x8b"),
        "is compressed with gzip and is not unpacked; unpack it and give the model file itself",
    ),
    RefusedFormat(
        "tar",
        lambda e: e.head[257:262] == b"ustar",
        "is a tar archive and is not unpacked; give the model file itself, as ONNX or cutwise-graph/1 JSON",
    ),
    *REFUSED_JSON,
    RefusedFormat(
        "ggml",
        lambda e: e.head[:4] in GGML_MAGICS,
        "is a GGML file, the form of whisper.cpp and of llama.cpp before GGUF, whose numbers have no names; "
        "give the config.json of the original model, or its GGUF file",
    ),
    RefusedFormat(
        "tensorrt",
        lambda e: e.head.startswith(b"ftrt") or e.has_suffix(".engine", ".plan", ".trt"),
        f"is a TensorRT engine, compiled for one kind of GPU; {ORIGINAL}",
    ),
    RefusedFormat(
        "openvino",
        lambda e: bool(re.match(rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<net\b", e.head)),
        f"is an OpenVINO model; {ORIGINAL}",
    ),
    RefusedFormat(
        "mnn", lambda e: e.has_suffix(".mnn"), f"is an MNN model, made from another one; {ORIGINAL}"
    ),
    RefusedFormat(
        "ncnn",
        lambda e: e.head.startswith(b"7767517") or e.has_suffix(".ncnn.bin", ".ncnn.param"),
        f"is an ncnn model, made from another one; {ORIGINAL}",
    ),
    RefusedFormat(
        "paddle",
        lambda e: e.has_suffix(".pdmodel", ".pdiparams", ".pdparams", ".pdopt"),
        "is a Paddle file; convert the model to ONNX with paddle2onnx --model_dir FOLDER --model_filename "
        "inference.pdmodel --params_filename inference.pdiparams --save_file model.onnx",
    ),
    RefusedFormat(
        "saved_model",
        lambda e: e.has_suffix(".pb", ".pbtxt"),
        "is a TensorFlow graph; convert it to ONNX with python -m tf2onnx.convert --saved-model FOLDER "
        "--output model.onnx, or save the model with model.save('model.keras')",
    ),
    RefusedFormat(
        "caffe",
        lambda e: e.has_suffix(".caffemodel", ".prototxt"),
        f"is a Caffe model; {ORIGINAL}",
    ),
    RefusedFormat(
        "packed",
        lambda e: e.head.startswith(
            (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd")
        ),
        "is compressed and is not unpacked; unpack it and give the model file itself",
    ),
    RefusedFormat("pickle_suffix", lambda e: e.path.suffix.lower() in PICKLED_SUFFIXES, PICKLE_SENTENCE),
    RefusedFormat(
        "git_lfs",
        lambda e: e.head.startswith(b"version https://git-lfs"),
        "is a Git LFS pointer, not the file itself; fetch the file with git lfs pull",
    ),
    RefusedFormat(
        "text",
        lambda e: _is_text(e.head),
        "is text, but neither JSON nor a model; give an ONNX file or cutwise-graph/1 JSON",
    ),
)

UNKNOWN = "is no model file of a known kind; give an ONNX file or cutwise-graph/1 JSON"


def refusal(head: bytes, path: Path) -> str:
    """Why the file at `path` is not read, and what to do: the second half of a sentence."""
    evidence = Evidence(head, entry_names(head, path)[:ZIP_ENTRIES], path, small_document(head, path))
    return next((row.says(evidence) for row in REFUSED if row.sniff(evidence)), UNKNOWN)


def _is_pickle(head: bytes) -> bool:
    binary = head[:1] == b"\x80" and head[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}
    return binary or bool(re.match(rb"\(?[cil][\w.]*\n[\w.]+\n|\([dl]p\d+\n", head))


def _is_text(head: bytes) -> bool:
    try:
        head[:-3].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 8
    return not re.search(rb"[\x00-\x08\x0e-\x1a]", head)
