"""What is recognised and not read: one row a format, each with the sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cutwise.importers.gate.zip_directory import entry_names
from cutwise.read_limits import ZIP_ENTRIES

EXPORT_COMMAND = "cutwise export my_model.py:build --out model.pt2"
EXPORT = (
    "export it to ONNX with torch.onnx.export(model, example, 'model.onnx', dynamo=True, optimize=False), or "
    f"to .pt2 on your own machine with {EXPORT_COMMAND}"
)
PICKLED_SUFFIXES = frozenset({".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib", ".th"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """All a row may judge by: first bytes, names in a zip archive (never unpacked), the path."""

    head: bytes
    names: tuple[str, ...]
    path: Path

    def has_name(self, pattern: str) -> bool:
        """True when a name in the zip archive matches the regular expression `pattern`."""
        return any(re.search(pattern, name) for name in self.names)


@dataclass(frozen=True, slots=True)
class RefusedFormat:
    """One format that is recognised, and the rest of the sentence that refuses it."""

    name: str
    sniff: Callable[[Evidence], bool]
    sentence: str


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
        "keras",
        lambda e: e.has_name(r"^config\.json$") and e.has_name(r"^metadata\.json$"),
        "is a Keras archive; export it to ONNX with model.export('model.onnx', format='onnx')",
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
        "gguf",
        lambda e: e.head.startswith(b"GGUF"),
        "is a GGUF file: quantised weights without a graph; export the original model to ONNX instead, "
        "with optimum-cli export onnx",
    ),
    RefusedFormat(
        "hdf5",
        lambda e: e.head.startswith(b"\x89HDF\r\n\x1a\n"),
        "is an HDF5 file (Keras); export the model to ONNX with model.export('model.onnx', format='onnx')",
    ),
    RefusedFormat(
        "tflite",
        lambda e: e.head[4:8] == b"TFL3",
        "is a TensorFlow Lite file; convert it to ONNX with python -m tf2onnx.convert --tflite",
    ),
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
    RefusedFormat(
        "other_json",
        lambda e: _starts_json(e.head),
        'is JSON, but of no kind that is read here; add "format": "cutwise-graph/1" and list its "ops"',
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
    evidence = Evidence(head, entry_names(head, path)[:ZIP_ENTRIES], path)
    return next((row.sentence for row in REFUSED if row.sniff(evidence)), UNKNOWN)


def _is_pickle(head: bytes) -> bool:
    binary = head[:1] == b"\x80" and head[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}
    return binary or bool(re.match(rb"\(?[cil][\w.]*\n[\w.]+\n|\([dl]p\d+\n", head))


def _starts_json(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}


def _is_text(head: bytes) -> bool:
    try:
        head[:-3].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 8
    return not re.search(rb"[\x00-\x08\x0e-\x1a]", head)
