"""What lies beside models, or is a model of another kind, is named and told what to do with it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from tests.shared_files import SHARED, needs

MODELS = SHARED / "cases" / "models"
TIMM = {"architecture": "resnet18", "num_classes": 1000, "pretrained_cfg": {"input_size": [3, 224, 224]}}
FLUX = {"_class_name": "FluxTransformer2DModel", "in_channels": 64}
PIPELINE = {"_class_name": "FluxPipeline", "transformer": ["diffusers", "FluxTransformer2DModel"]}


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


def refusal_of(name: str, content: bytes | object) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(ModelImportError) as error:
        load_bytes(name, data)
    message = str(error.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("hf/peft-adapter_config.json", "is a PEFT adapter's configuration (of org/base-3b)"),
        (
            "hf/sd-model_index.json",
            "is the list of parts of a diffusers pipeline (StableDiffusionPipeline: unet",
        ),
        (
            "hf/timm-config.json",
            "cutwise.from_torch(timm.create_model('resnet18'), (torch.zeros(1, 3, 224, 224),))",
        ),
        ("ggml-whisper.bin", "is a GGML file"),
    ],
)
@needs(MODELS)
def test_files_found_beside_published_models_are_named(file: str, says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        load_model(MODELS / file)
    assert says in str(error.value)
    assert "cutwise-graph" not in str(error.value)
    assert "pickled" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.json", TIMM, "model('resnet18'), (torch.zeros(1, 3, 224, 224),), 'resnet18.pt2'"),
        ("config.json", {**TIMM, "num_classes": 10}, "timm.create_model('resnet18', num_classes=10)"),
        ("config.json", {**TIMM, "architecture": "x'); import os #"}, "timm.create_model('NAME')"),
        ("config.json", {**TIMM, "num_classes": 10**400}, "timm.create_model('resnet18')"),
        ("model_index.json", PIPELINE, "give the config.json in that part's folder, such as transformer/"),
        ("config.json", FLUX, "is the configuration of a diffusers FluxTransformer2DModel"),
        ("tokenizer.json", {"version": "1.0", "added_tokens": []}, "describes a tokenizer"),
        ("tokenizer_config.json", {"tokenizer_class": "LlamaTokenizer"}, "describes a tokenizer"),
        ("generation_config.json", {"eos_token_id": 2}, "describes how text is generated"),
        ("preprocessor_config.json", {"image_processor_type": "ViTImageProcessor"}, "inputs are prepared"),
        ("model.safetensors.index.json", {"metadata": {}, "weight_map": {}}, "lists which file holds which"),
        ("modules.json", [{"idx": 0, "type": "sentence_transformers.models.Transformer"}], "0_Transformer"),
        ("package.json", {"name": "a", "version": "1", "dependencies": {}}, "is the package.json of a Java"),
        ("model.json", {"modelTopology": {}, "weightsManifest": []}, "is a TensorFlow.js model"),
        ("m-symbol.json", {"nodes": [], "arg_nodes": [], "heads": []}, "is an MXNet symbol file"),
        ("inference.json", {"base_code": {"magic": "pir"}, "program": {}}, "is a Paddle program"),
        ("a.json", {"anything": 1}, "is JSON that describes no model in a way read here"),
        ("a.json", [1, 2], "is JSON that describes no model in a way read here"),
        ("a.mlmodel", b"\x08\x05\x12\x00", "is a Core ML model"),
        ("a.mlpackage.zip", zipped("a.mlpackage/Data/com.apple.CoreML/model.mlmodel"), "is a Core ML model"),
        ("model.xml", b'<?xml version="1.0"?>\n<net name="m" version="11">', "is an OpenVINO model"),
        ("model.engine", b"ftrt\0\0\0", "is a TensorRT engine"),
        ("model.mnn", b"\x20\0\0\0", "is an MNN model"),
        ("model.param", b"7767517\n75 83\n", "is an ncnn model"),
        ("inference.pdmodel", b"\x0a\x01", "is a Paddle file"),
        ("saved_model.pb", b"\x08\x01\x12\x02", "is a TensorFlow graph"),
        ("weights.npz", zipped("layers.0.weight.npy"), "holds weights as MLX keeps them"),
        ("ggml-base.bin", b"lmgg\x99\xca\0\0", "is a GGML file"),
        ("net.caffemodel", b"\x0a\x01a", "is a Caffe model"),
        ("model.7z", b"7z\xbc\xaf\x27\x1c\0", "is compressed and is not unpacked"),
    ],
)  # fmt: skip
def test_each_kind_is_named_with_what_to_do(name: str, content: bytes | object, says: str) -> None:
    message = refusal_of(name, content)
    assert says in message
    assert any(word in message for word in ("give ", "make ", "convert ", "put ", "unpack "))


def test_a_name_in_a_file_never_reaches_a_line_of_code_unchecked() -> None:
    """The line is there to be copied: a file could hold a name that ends it and goes on."""
    for word in ("a'b", "a\nb", "é", "x" * 65, "", None, 7, ["a"]):
        assert "timm.create_model('NAME')" in refusal_of("config.json", {**TIMM, "architecture": word})
        assert "diffusers model" in refusal_of("config.json", {**FLUX, "_class_name": word})
