"""The sample models that come with Cutwise."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files

from cutwise.errors import UnknownNameError
from cutwise.graph.model_graph import ModelGraph

SAMPLES = (
    "resnet18", "googlenet", "densenet121", "mobilenet_v2", "vgg16", "vit_b16", "gpt2", "unet", "two_tower",
)  # fmt: skip


def load_sample(name: str, dims: Mapping[str, int]) -> ModelGraph:
    """The shipped model called `name`; raises `UnknownNameError` when there is none."""
    if name not in SAMPLES:
        raise UnknownNameError("sample", name, SAMPLES)
    from cutwise.importers.onnx_format.onnx_file import read

    with as_file(files("cutwise.sample_models") / f"{name}.onnx") as path:
        return read(path, dims)
