"""Model files in, ModelGraph out; nothing an importer reads is ever executed or unpickled."""

from cutwise.importers.base import load_bytes, load_model, sample_named, samples
from cutwise.importers.diffusers_format import unet_file
from cutwise.importers.gguf_format import gguf_file
from cutwise.importers.hugging_face import config_file as hf_config
from cutwise.importers.hugging_face import safetensors_file, zipped_folder
from cutwise.importers.importer import IMPORTERS, Importer
from cutwise.importers.json_formats import cutwise_graph as graph_json
from cutwise.importers.json_formats import fiddle as fiddle_json
from cutwise.importers.keras_format import keras_file
from cutwise.importers.onnx_format import onnx_file
from cutwise.importers.tflite_format import tflite_file
from cutwise.importers.torch_format import torch_export

__all__ = ["IMPORTERS", "Importer", "load_bytes", "load_model", "sample_named", "samples"]

for _module in (
    graph_json,
    fiddle_json,
    onnx_file,
    torch_export,
    hf_config,
    safetensors_file,
    keras_file,
    zipped_folder,
    gguf_file,
    unet_file,
    tflite_file,
):
    IMPORTERS.add(_module.IMPORTER.name, _module.IMPORTER)
