"""Makes the shipped model files: `make samples`. A second run makes the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path

from onnx import shape_inference

from cutwise.sample_models import convolutional, transformers

FOLDER = Path(__file__).parent
ARCHITECTURES = {
    "resnet18": convolutional.resnet18,
    "googlenet": convolutional.googlenet,
    "densenet121": convolutional.densenet121,
    "mobilenet_v2": convolutional.mobilenet_v2,
    "vgg16": convolutional.vgg16,
    "vit_b16": transformers.vit_b16,
    "gpt2": transformers.gpt2,
    "unet": convolutional.unet,
    "two_tower": transformers.two_tower,
}


def build(folder: Path) -> None:
    """Writes every sample into `folder`, after onnx has found its shapes to be consistent."""
    for name, architecture in ARCHITECTURES.items():
        model = architecture()
        shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
