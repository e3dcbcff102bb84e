"""Makes the files of `made/` with each format's own library, and writes down what the library counts in them.

Run by hand where the libraries are: `python tests/core/importers/make_files.py [gguf] [keras] [tflite]`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("made")
SEED = 7


def gguf_files() -> dict[str, Any]:
    """Two small language models by the `gguf` package, with the tensors that llama.cpp's converter writes."""
    import gguf

    return {
        "gguf_version": "gguf 0.19.0",
        "tiny-llama-q8_0.gguf": _gguf("tiny-llama-q8_0.gguf", gguf.GGMLQuantizationType.Q8_0),
        "tiny-llama-f16.gguf": _gguf("tiny-llama-f16.gguf", gguf.GGMLQuantizationType.F16),
    }


def _gguf(name: str, stored: Any) -> dict[str, Any]:
    """A Llama of one layer: width 32, hidden 64, 4 heads, 2 of keys, 32 tokens, untied."""
    import gguf
    import numpy as np

    draw = np.random.default_rng(SEED)
    writer = gguf.GGUFWriter(FOLDER / name, "llama")
    writer.add_name("Tiny")
    writer.add_context_length(128)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(8)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([f"t{number}" for number in range(32)])
    writer.add_token_scores([0.0] * 32)
    matrices = {
        "token_embd": (32, 32), "output": (32, 32), "blk.0.attn_q": (32, 32), "blk.0.attn_k": (16, 32),
        "blk.0.attn_v": (16, 32), "blk.0.attn_output": (32, 32), "blk.0.ffn_gate": (64, 32),
        "blk.0.ffn_up": (64, 32), "blk.0.ffn_down": (32, 64),
    }  # fmt: skip
    for path, shape in matrices.items():
        values = draw.standard_normal(shape, dtype=np.float32)
        writer.add_tensor(f"{path}.weight", gguf.quants.quantize(values, stored), raw_dtype=stored)
    for path in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{path}.weight", np.ones(32, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tensors = gguf.GGUFReader(FOLDER / name).tensors
    return {
        "parameters": sum(int(tensor.n_elements) for tensor in tensors),
        "size_bytes": sum(int(tensor.n_bytes) for tensor in tensors),
    }


MAKERS = {"gguf": gguf_files}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or MAKERS:
        counts = FOLDER / f"{name}.json"
        counts.write_text(json.dumps(MAKERS[name](), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
