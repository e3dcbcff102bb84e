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


APPLICATIONS = (
    "MobileNetV2", "ResNet50", "EfficientNetB0", "VGG16", "DenseNet121", "Xception", "InceptionV3",
    "MobileNet", "MobileNetV3Small", "ConvNeXtTiny", "EfficientNetV2B0", "ResNet50V2", "InceptionResNetV2",
    "VGG19",
)  # fmt: skip


KERAS_FILES = (
    ("small-image", "keras"),
    ("small-image", "h5"),
    ("small-text", "h5"),
    ("small-twins", "keras"),
)


def keras_files() -> dict[str, Any]:
    """Small models in Keras' two formats, and the topologies of its published models, none with weights."""
    import gzip
    import os

    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    topologies = {name: _unweighted(getattr(keras.applications, name)) for name in APPLICATIONS}
    with gzip.open(FOLDER / "keras-applications.json.gz", "wt", compresslevel=9) as file:
        json.dump({name: json.loads(model.to_json()) for name, model in topologies.items()}, file)
    small = _small_models(keras)
    for name, suffix in KERAS_FILES:
        small[name].save(FOLDER / f"{name}.{suffix}")
    counts = {name: _keras_counts(model) for name, model in {**topologies, **small}.items()}
    return {"keras_version": f"keras {keras.__version__}", **counts}


def _unweighted(make: Any) -> Any:
    return make(weights=None)


def _keras_counts(model: Any) -> dict[str, int]:
    """Parameters as Keras counts them, multiply-adds of one forward pass as PyTorch counts them."""
    import math

    import keras
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    shapes = [tensor.shape for tensor in model.inputs]
    inputs = [
        torch.zeros([1, *(size or 224 for size in shape[1:])], dtype=torch.long if len(shape) == 2 else None)
        for shape in shapes
    ]
    keras.backend.clear_session()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return {
        "parameters": model.count_params(),
        "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "macs": counter.get_total_flops() // 2,
    }


def _small_models(keras: Any) -> dict[str, Any]:
    layers = keras.layers
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="first")(image)
    y = layers.SeparableConv2D(8, 3, padding="same", name="separable")(x)
    y = layers.BatchNormalization(name="norm")(layers.Add(name="sum")([x, y]))
    y = layers.MaxPooling2D(name="pool")(y)
    y = layers.Conv2DTranspose(4, 4, strides=2, padding="same", name="up")(y)
    y = layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, name="depthwise")(layers.ZeroPadding2D(1)(y))
    y = layers.PReLU(shared_axes=[1, 2], name="slopes")(layers.GroupNormalization(4, name="groups")(y))
    y = layers.Dense(5, activation="softmax", name="head")(layers.Dropout(0.1)(layers.Flatten()(y)))
    words = keras.Input((12,), dtype="int32", name="words")
    z = layers.Embedding(50, 16, name="table")(words)
    z = layers.Bidirectional(layers.LSTM(8, return_sequences=True), name="both")(z)
    z = layers.GRU(8, return_sequences=True, name="gates")(z)
    z = layers.LayerNormalization(name="norm")(layers.MultiHeadAttention(2, 8, name="attention")(z, z) + z)
    z = layers.Dense(3, name="head")(layers.SimpleRNN(6, name="steps")(layers.Conv1D(8, 3, name="conv")(z)))
    base = keras.Sequential([keras.Input((10,)), layers.Dense(7, "tanh", name="inner")], name="base")
    left, right = keras.Input((10,), name="left"), keras.Input((10,), name="right")
    base.trainable = False
    twins = layers.Concatenate(name="beside")([base(left), base(right)])
    twins = layers.Dense(2, name="head")(
        layers.TimeDistributed(layers.Dense(4, name="each"))(layers.Reshape((2, 7))(twins))
    )
    return {
        "small-image": keras.Model(image, y, name="small_image"),
        "small-text": keras.Model(words, z, name="small_text"),
        "small-twins": keras.Model([left, right], twins, name="small_twins"),
    }


# Name, sizes, and whether its numbers lie in the file; operators with the tensors they read and make.
TFLITE_TENSORS = (
    ("x", (1, 8, 8, 3), False), ("conv/w", (4, 3, 3, 3), True), ("conv/b", (4,), True),
    ("conv", (1, 4, 4, 4), False), ("deep/w", (1, 3, 3, 8), True), ("deep/b", (8,), True),
    ("deep", (1, 4, 4, 8), False), ("axes", (2,), True),
    ("mean", (1, 8), False), ("head/w", (5, 8), True), ("head/b", (5,), True), ("head", (1, 5), False),
)  # fmt: skip
TFLITE_OPS = (
    ("CONV_2D", (0, 1, 2), (3,)), ("DEPTHWISE_CONV_2D", (3, 4, 5), (6,)), ("MEAN", (6, 7), (8,)),
    ("FULLY_CONNECTED", (8, 9, 10), (11,)),
)  # fmt: skip


def tflite_files() -> dict[str, Any]:
    """A small network in fp32 and in int8, written with the schema's generated code (package `tflite`)."""
    from tflite.TensorType import TensorType

    kinds = {
        "small-fp32": (TensorType.FLOAT32, TensorType.FLOAT32),
        "small-fp16": (TensorType.FLOAT16, TensorType.FLOAT16),
        "small-int8": (TensorType.INT8, TensorType.INT32),
    }
    for name, (kind, bias) in kinds.items():
        (FOLDER / f"{name}.tflite").write_bytes(_tflite(kind, bias))
    counts = {f"{name}.tflite": _tflite_counts(name) for name in kinds}
    return {"tflite_version": "tflite 2.18.0", **counts}


def _unpacked() -> tuple[Any, Any]:
    """The tensors and operators where each weight is stored in fp16 and unpacked before it is read."""
    first = len(TFLITE_TENSORS)
    packed = [at for at, (name, _, stored) in enumerate(TFLITE_TENSORS) if stored and name != "axes"]
    places = {at: first + number for number, at in enumerate(packed)}
    more = [(f"{TFLITE_TENSORS[at][0]}/unpacked", TFLITE_TENSORS[at][1], False) for at in packed]
    steps = [("DEQUANTIZE", (at,), (place,)) for at, place in places.items()]
    ops = [(name, tuple(places.get(at, at) for at in read), made) for name, read, made in TFLITE_OPS]
    return (*TFLITE_TENSORS, *more), (*steps, *ops)


def _tflite(kind: int, bias: int) -> bytes:
    import math

    import flatbuffers
    import tflite
    from tflite.BuiltinOperator import BuiltinOperator
    from tflite.TensorType import TensorType

    build = flatbuffers.Builder(4096)

    def vector(items: Any, put: Any, size: int) -> Any:
        build.StartVector(size, len(items), size)
        for item in reversed(items):
            put(item)
        return build.EndVector()

    def table(part: str, **fields: Any) -> Any:
        getattr(tflite, f"{part}Start")(build)
        for field, value in fields.items():
            getattr(tflite, f"{part}Add{field}")(build, value)
        return getattr(tflite, f"{part}End")(build)

    widths = {TensorType.FLOAT32: 4, TensorType.FLOAT16: 2, TensorType.INT8: 1, TensorType.INT32: 4}
    is_half = kind == TensorType.FLOAT16
    all_tensors, all_ops = _unpacked() if is_half else (TFLITE_TENSORS, TFLITE_OPS)
    buffers, tensors = [table("Buffer")], []
    for name, shape, stored in all_tensors:
        run_in = TensorType.FLOAT32 if is_half and not stored else kind
        own = TensorType.INT32 if name == "axes" else bias if name.endswith("/b") else run_in
        sizes, text = vector(shape, build.PrependInt32, 4), build.CreateString(name)
        if stored:
            data = build.CreateByteVector(bytes(widths[own] * math.prod(shape)))
            buffers.append(table("Buffer", Data=data))
        tensors.append(
            table("Tensor", Shape=sizes, Type=own, Name=text, Buffer=len(buffers) - 1 if stored else 0)
        )
    codes, ops = [], []
    for number, (name, read, made) in enumerate(all_ops):
        code = getattr(BuiltinOperator, name)
        codes.append(table("OperatorCode", DeprecatedBuiltinCode=code, BuiltinCode=code, Version=1))
        ins, outs = vector(read, build.PrependInt32, 4), vector(made, build.PrependInt32, 4)
        ops.append(table("Operator", OpcodeIndex=number, Inputs=ins, Outputs=outs))
    offsets = [vector(items, build.PrependUOffsetTRelative, 4) for items in (tensors, ops)]
    ends = [vector(places, build.PrependInt32, 4) for places in ((0,), (11,))]
    graph = table("SubGraph", Tensors=offsets[0], Operators=offsets[1], Inputs=ends[0], Outputs=ends[1])
    graphs, all_codes, all_buffers = (
        vector(items, build.PrependUOffsetTRelative, 4) for items in ([graph], codes, buffers)
    )
    model = table("Model", Version=3, OperatorCodes=all_codes, Subgraphs=graphs, Buffers=all_buffers)
    build.Finish(model, file_identifier=b"TFL3")
    return bytes(build.Output())


def _tflite_counts(name: str) -> dict[str, int]:
    """Elements of stored tensors but sizes, and multiply-adds, as the generated reader sees them."""
    import math

    from tflite.Model import Model

    graph = Model.GetRootAsModel((FOLDER / f"{name}.tflite").read_bytes(), 0).Subgraphs(0)
    shapes = [[int(size) for size in graph.Tensors(at).ShapeAsNumpy()] for at in range(graph.TensorsLength())]
    stored = [
        at for at in range(len(shapes)) if graph.Tensors(at).Buffer() and graph.Tensors(at).Name() != b"axes"
    ]
    macs = math.prod(shapes[3] + shapes[1][1:]) + math.prod(shapes[6] + shapes[4][1:3]) + math.prod(shapes[9])
    return {"parameters": sum(math.prod(shapes[at]) for at in stored), "macs": macs}


MAKERS = {"gguf": gguf_files, "keras": keras_files, "tflite": tflite_files}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or MAKERS:
        counts = FOLDER / f"{name}.json"
        counts.write_text(json.dumps(MAKERS[name](), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
