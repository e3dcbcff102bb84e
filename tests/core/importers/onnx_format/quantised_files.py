"""Makes the small files in `files/` with onnxruntime's own quantisers and optimisers, without their weights.

python -m tests.core.importers.onnx_format.quantised_files, where torch, transformers and onnxruntime are
installed (made with 2.13.0, 5.23.0 and 1.31.1). The suite needs none of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

FILES = Path(__file__).parent / "files"
KEPT_ELEMENTS = 16
"""Larger tensors leave their numbers out: sizes and positions are smaller, weights are not needed."""


def main() -> None:
    FILES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        for path in (*_recurrent(made), *_convolutional(made), *_encoder(made), *_decoder(made)):
            model = onnx.load(path)
            for tensor in model.graph.initializer:
                if np.prod(tensor.dims) > KEPT_ELEMENTS:
                    tensor.ClearField("raw_data")
                    tensor.ClearField("float_data")
                    tensor.ClearField("int32_data")
            model.graph.doc_string = model.producer_version = ""
            for node in model.graph.node:
                node.doc_string = ""
            (FILES / path.name).write_bytes(model.SerializeToString())


def _recurrent(folder: Path) -> Iterator[Path]:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(12, 8, num_layers=2, bidirectional=True)
            self.head = torch.nn.Linear(16, 5)

        def forward(self, x: Any) -> Any:
            return self.head(self.lstm(x)[0])

    plain, path = folder / "plain.onnx", folder / "lstm_dynamic.onnx"
    _export(Net(), (torch.randn(10, 1, 12),), plain, ["x"], dynamic_axes={"x": {0: "time", 1: "batch"}})
    quantize_dynamic(plain, path, weight_type=QuantType.QInt8)
    yield path


def _convolutional(folder: Path) -> Iterator[Path]:
    import onnxruntime
    import torch
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv2d(3, 16, 3, padding=1)
            self.second = torch.nn.Conv2d(16, 16, 3, padding=1, groups=4)
            self.pool = torch.nn.AvgPool2d(2)
            self.head = torch.nn.Linear(16, 10)

        def forward(self, x: Any) -> Any:
            x = torch.relu(self.first(x))
            x = self.pool(torch.relu(self.second(x) + x))
            return self.head(x.mean(dim=(2, 3)))

    class Images(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.images = iter(
                [{"x": np.random.default_rng(0).normal(size=(1, 3, 16, 16)).astype("float32")}]
            )

        def get_next(self) -> Mapping[str, Any] | None:
            return next(self.images, None)

    plain = folder / "plain_cnn.onnx"
    _export(Net(), (torch.randn(1, 3, 16, 16),), plain, ["x"])
    for name, made in (("cnn_qoperator", QuantFormat.QOperator), ("cnn_qdq", QuantFormat.QDQ)):
        path = folder / f"{name}.onnx"
        quantize_static(
            plain, path, Images(), quant_format=made, per_channel=True, activation_type=QuantType.QUInt8
        )
        yield path
    for source, name in ((plain, "cnn_in_blocks"), (folder / "cnn_qdq.onnx", "cnn_qdq_optimised")):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.optimized_model_filepath = str(folder / f"{name}.onnx")
        onnxruntime.InferenceSession(str(source), options)
        yield folder / f"{name}.onnx"


def _encoder(folder: Path) -> Iterator[Path]:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=24, attn_implementation="eager",
    )  # fmt: skip

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = BertModel(config, add_pooling_layer=False)

        def forward(self, ids: Any, mask: Any, kinds: Any) -> Any:
            return self.bert(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state

    ids = torch.ones(1, 16, dtype=torch.int64)
    plain, fused, whole = folder / "bert.onnx", folder / "bert_fused.onnx", folder / "bert_fused_int8.onnx"
    _export(Net(), (ids, ids, ids), plain, ["input_ids", "attention_mask", "token_type_ids"])
    made = optimizer.optimize_model(str(plain), model_type="bert", num_heads=2, hidden_size=32, opt_level=0)
    made.save_model_to_file(str(fused))
    yield fused
    quantize_dynamic(
        fused, whole, weight_type=QuantType.QInt8, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT}
    )
    yield whole


def _decoder(folder: Path) -> Iterator[Path]:
    import torch
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=64, max_position_embeddings=24, attn_implementation="eager",
    )  # fmt: skip

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = LlamaForCausalLM(config)

        def forward(self, ids: Any, mask: Any) -> Any:
            return self.model(input_ids=ids, attention_mask=mask, use_cache=False).logits

    plain = folder / "llama.onnx"
    ids = torch.ones(1, 16, dtype=torch.int64)
    _export(Net(), (ids, ids), plain, ["input_ids", "attention_mask"])
    made = DefaultWeightOnlyQuantConfig(block_size=32, is_symmetric=False, bits=4)
    quantiser = MatMulNBitsQuantizer(onnx.load(plain), algo_config=made)
    quantiser.process()
    path = folder / "llama_4_bits.onnx"
    onnx.save(quantiser.model.model, path)
    yield path


def _export(net: Any, inputs: tuple[Any, ...], path: Path, names: list[str], **more: Any) -> None:
    """Vectors that are still alike would be merged, so that every parameter is drawn anew."""
    import torch

    torch.manual_seed(0)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter)
    torch.onnx.export(net.eval(), inputs, path, dynamo=False, opset_version=17, input_names=names, **more)


if __name__ == "__main__":
    main()
