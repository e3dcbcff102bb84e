"""UNets and autoencoders of latent diffusion, held against diffusers 0.42.1 without weights.

parameters: those of UNet2DConditionModel(**config) on the meta device; multiply-adds: half of what PyTorch's
FlopCounterMode counts in one forward pass with AttnProcessor, for a text of 77 tokens and one image.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_bytes, load_model
from tests.shared_files import SHARED, needs

PUBLISHED = SHARED / "cases" / "models" / "hf" / "sd-unet.json"
CROSS_DOWN, CROSS_UP = "CrossAttnDownBlock2D", "CrossAttnUpBlock2D"
FOUR_LEVELS = {
    "_class_name": "UNet2DConditionModel", "in_channels": 4, "out_channels": 4, "layers_per_block": 2,
    "block_out_channels": [320, 640, 1280, 1280], "down_block_types": [CROSS_DOWN] * 3 + ["DownBlock2D"],
    "up_block_types": ["UpBlock2D"] + [CROSS_UP] * 3,
}  # fmt: skip
XL = {
    "block_out_channels": [320, 640, 1280], "down_block_types": ["DownBlock2D", CROSS_DOWN, CROSS_DOWN],
    "up_block_types": [CROSS_UP, CROSS_UP, "UpBlock2D"], "transformer_layers_per_block": [1, 2, 10],
    "attention_head_dim": [5, 10, 20], "cross_attention_dim": 2048, "sample_size": 128,
    "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
V2 = {
    "sample_size": 96, "cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20],
    "use_linear_projection": True,
}  # fmt: skip
V1 = {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8}
# Configuration, parameters, multiply-adds: Stable Diffusion 1.5, 2.1 and XL 1.0.
COUNTED = {
    "sd15": (V1, 859_520_964, 401_636_720_640),
    "sd21": (V2, 865_910_724, 1_074_552_872_960),
    "sdxl": (XL, 2_567_463_684, 3_380_618_199_040),
}


def graph(config: dict[str, Any]) -> ModelGraph:
    return load_bytes("config.json", json.dumps(config).encode())


@pytest.mark.parametrize("name", COUNTED)
def test_published_models_have_diffusers_parameters_and_pytorchs_multiply_adds(name: str) -> None:
    config, parameters, macs = COUNTED[name]
    found = graph({**FOUR_LEVELS, **config})
    cost = price(found, Workload(mode="inference"))
    assert found.parameters == parameters
    assert cost.macs == macs
    assert not cost.unpriced


VAE = {
    "_class_name": "AutoencoderKL", "block_out_channels": [128, 256, 512, 512], "layers_per_block": 2,
    "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4,
    "latent_channels": 4, "sample_size": 64,
}  # fmt: skip
FLUX = {"latent_channels": 16, "use_quant_conv": False, "use_post_quant_conv": False}


@pytest.mark.parametrize(
    ("change", "parameters", "macs"), [({}, 83_653_863, 27_840_091_136), (FLUX, 83_819_683, 27_850_702_848)]
)
def test_autoencoders_have_diffusers_parameters_and_pytorchs_multiply_adds(
    change: dict[str, Any], parameters: int, macs: int
) -> None:
    """Those of Stable Diffusion and of Flux, for an image of 64 pixels; counted like the UNets."""
    found = graph({**VAE, **change})
    cost = price(found, Workload(mode="inference"))
    assert found.parameters == parameters
    assert cost.macs == macs
    assert not cost.unpriced
    with pytest.raises(ModelImportError, match=r"down_block_types is .*, of which DownEncoderBlock2D alone"):
        graph({**VAE, "down_block_types": ["DownBlock2D"] * 4})


@needs(PUBLISHED)
def test_a_configuration_that_is_silent_takes_the_librarys_defaults() -> None:
    assert load_model(PUBLISHED).parameters == 859_520_964


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"class_embed_type": "timestep"}, "class_embed_type is 'timestep', which is not built here"),
        ({"down_block_types": ["DownBlock2D"]}, "the blocks are ['DownBlock2D'], of which"),
        ({"up_block_types": ["AttnUpBlock2D"] * 4}, "of which CrossAttnDownBlock2D"),
        ({"block_out_channels": []}, "block_out_channels is [], no list of levels"),
        ({"block_out_channels": [320, 640, 1280, 1281]}, "1281 channels are no multiple of 8 heads"),
        ({"attention_head_dim": 0}, "attention_head_dim is 0, not a whole number"),
        ({"layers_per_block": [1] * 9}, "layers_per_block is [1, 1, 1, 1, 1, 1, 1, 1, 1], not 4 numbers"),
        ({"layers_per_block": 10**6}, "layers, at most 256 are built"),
        ({"sample_size": True}, "sample_size is True, not a whole number"),
    ],
)  # fmt: skip
def test_what_is_not_built_is_refused_with_the_line_that_makes_it(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        graph({**FOUR_LEVELS, **change})
    assert says in str(error.value)
    assert "cutwise.from_torch(diffusers.UNet2DConditionModel.from_config(config), example)" in str(
        error.value
    )


def test_the_folder_of_a_part_is_read_and_that_of_the_pipeline_says_so(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "config.json").write_text(json.dumps({**FOUR_LEVELS, **V1}))
    (tmp_path / "model_index.json").write_text(
        json.dumps({"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]})
    )
    assert load_model(tmp_path / "unet").parameters == 859_520_964
    with pytest.raises(ModelImportError, match=r"such as unet/config\.json"):
        load_model(tmp_path)
