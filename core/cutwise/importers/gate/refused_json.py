"""JSON that lies beside models and is none: one row a kind, each with the sentence that says what to give."""

from __future__ import annotations

from cutwise.importers.gate.refused_format import Evidence, RefusedFormat, starts_json
from cutwise.plain import Json
from cutwise.read_limits import PICTURE_SIDE

CONFIG = "the folder with config.json and the weights, or its config.json alone"
TOKENIZER_FILES = frozenset(
    {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "added_tokens.json"}
)
TIMM_CLASSES = 1000
TIMM_INPUT = "3, 224, 224"


def _timm(evidence: Evidence) -> str:
    name = evidence.word("architecture", "NAME")
    classes = evidence.document.get("num_classes")
    given = f", num_classes={classes}" if _is_size(classes) and classes != TIMM_CLASSES else ""
    size = _input_size(evidence.document)
    return (
        f"is a timm configuration, which holds no graph; where timm is installed, make one with "
        f"cutwise.from_torch(timm.create_model('{name}'{given}), (torch.zeros(1, {size}),)), or a file with "
        f"cutwise.export(timm.create_model('{name}'{given}), (torch.zeros(1, {size}),), '{name}.pt2')"
    )


def _input_size(document: object) -> str:
    """Channels, height and width that a timm configuration states."""
    places = [document]
    if isinstance(document, dict):
        places += [document.get("pretrained_cfg")]
    for place in places:
        sizes = place.get("input_size") if isinstance(place, dict) else None
        if isinstance(sizes, list) and len(sizes) == 3 and all(map(_is_size, sizes)):
            return ", ".join(map(str, sizes))
    return TIMM_INPUT


def _is_size(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < PICTURE_SIDE


def _adapter(evidence: Evidence) -> str:
    base = evidence.word("base_model_name_or_path", "", r"[A-Za-z0-9_./-]{1,100}")
    return (
        f"is a PEFT adapter's configuration{f' (of {base})' if base else ''}, which does not say what model "
        "lies under it; put it into the folder of that model's config.json, or choose both files at once"
    )


def _pipeline(evidence: Evidence) -> str:
    name = evidence.word("_class_name", "a pipeline")
    parts = [
        part for part, made in evidence.document.items() if isinstance(made, list) and part.isidentifier()
    ]
    shown = ", ".join(parts[:8]) or "its parts"
    return (
        f"is the list of parts of a diffusers pipeline ({name}: {shown}); a plan is made for one part: give "
        f"the config.json in that part's folder, such as {_first(parts)}/config.json"
    )


def _first(parts: list[str]) -> str:
    return next(
        (part for part in ("unet", "transformer", "vae") if part in parts), parts[0] if parts else "unet"
    )


def _diffusers(evidence: Evidence) -> str:
    name = evidence.word("_class_name", "model")
    return (
        f"is the configuration of a diffusers {name}, which is not built here; make its graph with "
        f"cutwise.from_torch(diffusers.{name}.from_config(diffusers.{name}.load_config(FOLDER)), example)"
    )


REFUSED_JSON = (
    RefusedFormat(
        "timm",
        lambda e: e.has_keys("architecture") and (e.has_keys("num_classes") or e.has_keys("pretrained_cfg")),
        _timm,
    ),
    RefusedFormat("peft_adapter", lambda e: e.has_keys("peft_type"), _adapter),
    RefusedFormat(
        "diffusers_pipeline",
        lambda e: (
            e.word("_class_name", "").endswith("Pipeline")
            or (e.has_keys("_class_name") and e.path.name == "model_index.json")
        ),
        _pipeline,
    ),
    RefusedFormat("diffusers", lambda e: e.has_keys("_class_name"), _diffusers),
    RefusedFormat(
        "tokenizer",
        lambda e: (
            e.path.name in TOKENIZER_FILES
            or e.has_keys("tokenizer_class")
            or e.has_keys("model", "pre_tokenizer")
        ),
        f"describes a tokenizer, not a model; give {CONFIG}",
    ),
    RefusedFormat(
        "preprocessor",
        lambda e: any(map(e.has_keys, ("image_processor_type", "feature_extractor_type", "processor_class"))),
        f"describes how inputs are prepared, not a model; give {CONFIG}",
    ),
    RefusedFormat(
        "generation",
        lambda e: e.path.name == "generation_config.json" or e.has_keys("_from_model_config"),
        f"describes how text is generated, not a model; give {CONFIG}",
    ),
    RefusedFormat(
        "weights_index",
        lambda e: e.has_keys("weight_map"),
        f"lists which file holds which weight; give {CONFIG}",
    ),
    RefusedFormat(
        "sentence_transformers",
        lambda e: e.word("type", "").startswith("sentence_transformers."),
        "lists the modules of a sentence-transformers model; give the config.json of its transformer, which "
        "stands beside this file or in the folder 0_Transformer",
    ),
    RefusedFormat(
        "tensorflow_js",
        lambda e: e.has_keys("modelTopology") or e.has_keys("weightsManifest"),
        "is a TensorFlow.js model; give the Keras file (.keras or .h5) that it was converted from",
    ),
    RefusedFormat(
        "mxnet",
        lambda e: e.has_keys("nodes", "arg_nodes", "heads"),
        "is an MXNet symbol file; convert it to ONNX with mxnet.onnx.export_model, where MXNet is installed",
    ),
    RefusedFormat(
        "paddle_json",
        lambda e: e.has_keys("base_code", "program"),
        "is a Paddle program; convert it to ONNX with paddle2onnx --model_dir FOLDER --model_filename "
        "inference.json --params_filename inference.pdiparams --save_file model.onnx",
    ),
    RefusedFormat(
        "node_package",
        lambda e: e.has_keys("name", "version") and (e.has_keys("dependencies") or e.has_keys("scripts")),
        "is the package.json of a JavaScript package, not a model; give the model file itself",
    ),
    RefusedFormat(
        "other_json",
        lambda e: starts_json(e.head),
        "is JSON that describes no model in a way read here; give a model file (ONNX, .pt2, .gguf, .keras, "
        ".tflite), the config.json of a transformer, or a model written down as docs/formats.md shows under "
        "cutwise-graph/1",
    ),
)  # fmt: skip
