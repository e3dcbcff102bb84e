"""Model files in, ModelGraph out; nothing an importer reads is ever executed or unpickled."""

from cutwise.importers import fiddle_json, graph_json, hf_config, onnx_file, safetensors_file, torch_export
from cutwise.importers.base import IMPORTERS, Importer, load_bytes, load_model, samples

__all__ = ["IMPORTERS", "Importer", "load_bytes", "load_model", "samples"]

for _module in (graph_json, fiddle_json, onnx_file, torch_export, hf_config, safetensors_file):
    IMPORTERS.add(_module.IMPORTER.name, _module.IMPORTER)
