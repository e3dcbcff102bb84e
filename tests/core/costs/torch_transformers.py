"""Transformer families in plain torch.nn, written from their papers: what configurations are held against."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Config = Mapping[str, Any]


class RmsNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class Rotary(nn.Module):
    """Turns the first `features` of each head of (batch, heads, sequence, width)."""

    def __init__(self, features: int, tokens: int, *, partial: bool) -> None:
        super().__init__()
        steps = torch.arange(tokens)[:, None] / 10_000 ** (torch.arange(0, features, 2) / features)
        angles = torch.cat((steps, steps), dim=-1)
        self.register_buffer("cosines", angles.cos())
        self.register_buffer("sines", angles.sin())
        self.features, self.partial = features, partial

    def forward(self, x: Tensor) -> Tensor:
        turned, rest = x[..., : self.features], x[..., self.features :]
        left, right = turned.chunk(2, dim=-1)
        turned = turned * self.cosines + torch.cat((-right, left), dim=-1) * self.sines
        return torch.cat((turned, rest), dim=-1) if self.partial else turned


def gelu_new(x: Tensor) -> Tensor:
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


def by_heads(x: Tensor, width: int) -> Tensor:
    return x.view(*x.shape[:-1], -1, width)


def merged(x: Tensor) -> Tensor:
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1)


def fused(query: Tensor, key: Tensor, value: Tensor, *, causal: bool = True) -> Tensor:
    grouped = query.shape[1] != key.shape[1]
    return merged(
        functional.scaled_dot_product_attention(query, key, value, is_causal=causal, enable_gqa=grouped)
    )


def capped(x: Tensor, height: float = 50.0) -> Tensor:
    return torch.tanh(x / height) * height


def written_out(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Every query head with its own copy of keys and values, scores capped before the mask."""
    repeats = query.shape[1] // key.shape[1]
    if repeats > 1:
        key, value = (
            x[:, :, None].expand(-1, -1, repeats, -1, -1).reshape(query.shape) for x in (key, value)
        )
    scores = capped(query @ key.transpose(2, 3) * query.shape[-1] ** -0.5)
    mask = torch.full(scores.shape[-2:], float("-inf")).triu(1)
    return merged(torch.softmax(scores + mask, dim=-1) @ value)


class LlamaLayer(nn.Module):
    """Llama and its relatives: norms of heads (Qwen 3), joined products (Phi 3), double norms (Gemma 2)."""

    def __init__(self, config: Config, tokens: int) -> None:
        super().__init__()
        width, hidden, family = config["hidden_size"], config["intermediate_size"], config["model_type"]
        heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
        self.size = size = config["head_dim"]
        self.widths = [heads * size, kv_heads * size, kv_heads * size]
        self.joined, self.family = family == "phi3", family
        bias = family == "qwen2"
        outs = [sum(self.widths)] if self.joined else self.widths
        self.projections = nn.ModuleList(nn.Linear(width, out, bias=bias) for out in outs)
        rotated = int(size * config.get("partial_rotary_factor", 1.0))
        self.rotary = Rotary(rotated, tokens, partial=self.joined)
        self.head_norms = nn.ModuleList(RmsNorm(size) for _ in range(2 * (family == "qwen3")))
        self.out = nn.Linear(heads * size, width, bias=False)
        up = [2 * hidden] if self.joined else [hidden, hidden]
        self.up = nn.ModuleList(nn.Linear(width, features, bias=False) for features in up)
        self.down = nn.Linear(hidden, width, bias=False)
        self.norms = nn.ModuleList(RmsNorm(width) for _ in range(4 if family == "gemma2" else 2))

    def forward(self, x: Tensor) -> Tensor:
        if self.family == "gemma2":
            x = x + self.norms[1](self.attend(self.norms[0](x)))
            return x + self.norms[3](self.perceptron(self.norms[2](x)))
        x = x + self.attend(self.norms[0](x))
        return x + self.perceptron(self.norms[1](x))

    def attend(self, x: Tensor) -> Tensor:
        made = [projection(x) for projection in self.projections]
        query, key, value = (
            by_heads(part, self.size) for part in (made[0].split(self.widths, -1) if self.joined else made)
        )
        if self.head_norms:
            query, key = self.head_norms[0](query), self.head_norms[1](key)
        query, key = (self.rotary(part.transpose(1, 2)) for part in (query, key))
        kernel = written_out if self.family == "gemma2" else fused
        return self.out(kernel(query, key, value.transpose(1, 2)))

    def perceptron(self, x: Tensor) -> Tensor:
        made = [layer(x) for layer in self.up]
        gate, up = made[0].chunk(2, -1) if self.joined else made
        act = functional.gelu if self.family == "gemma2" else functional.silu
        return self.down(act(gate) * up)


class Gpt2Layer(nn.Module):
    def __init__(self, config: Config, tokens: int) -> None:
        super().__init__()
        width = config["n_embd"]
        self.size = width // config["n_head"]
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.qkv(self.norms[0](x)).chunk(3, dim=-1)
        x = x + self.out(fused(*(by_heads(part, self.size).transpose(1, 2) for part in parts)))
        return x + self.down(gelu_new(self.up(self.norms[1](x))))


class GptNeoXLayer(nn.Module):
    def __init__(self, config: Config, tokens: int) -> None:
        super().__init__()
        width, hidden = config["hidden_size"], config["intermediate_size"]
        self.size = width // config["num_attention_heads"]
        self.rotary = Rotary(int(self.size * config["rotary_pct"]), tokens, partial=True)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.parallel = config["use_parallel_residual"]

    def forward(self, x: Tensor) -> Tensor:
        made = by_heads(self.qkv(self.norms[0](x)), 3 * self.size).transpose(1, 2)
        query, key, value = made.chunk(3, dim=-1)
        y = self.out(fused(self.rotary(query), self.rotary(key), value))
        if not self.parallel:
            x = x + y
            return self.down(functional.gelu(self.up(self.norms[1](x)))) + x
        return self.down(functional.gelu(self.up(self.norms[1](x)))) + y + x


class ClassicLayer(nn.Module):
    """BERT, DistilBERT, OPT and ViT: norms before the branches or behind the sums."""

    def __init__(self, config: Config, tokens: int) -> None:
        super().__init__()
        family = config["model_type"]
        width = config.get("dim") or config["hidden_size"]
        hidden = config.get("hidden_dim") or config.get("ffn_dim") or config["intermediate_size"]
        self.size = width // (config.get("n_heads") or config["num_attention_heads"])
        self.is_opt = family == "opt"
        self.norm_first = family in {"opt", "vit"} and config.get("do_layer_norm_before", True)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.projections = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.out, self.up, self.down = (
            nn.Linear(*sizes) for sizes in ((width, width), (width, hidden), (hidden, width))
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.norm_first:
            x = x + self.attend(self.norms[0](x))
            return x + self.perceptron(self.norms[1](x))
        x = self.norms[0](x + self.attend(x))
        return self.norms[1](x + self.perceptron(x))

    def attend(self, x: Tensor) -> Tensor:
        query, key, value = (projection(x) for projection in self.projections)
        query = query * self.size**-0.5 if self.is_opt else query
        parts = (by_heads(part, self.size).transpose(1, 2) for part in (query, key, value))
        return self.out(fused(*parts, causal=self.is_opt))

    def perceptron(self, x: Tensor) -> Tensor:
        act = functional.relu if self.is_opt else functional.gelu
        return self.down(act(self.up(x)))


class LanguageModel(nn.Module):
    """Embeddings of tokens and places, layers, a last norm, and an output layer that may be tied."""

    def __init__(self, config: Config, tokens: int) -> None:
        super().__init__()
        family = config["model_type"]
        width = config.get("n_embd") or config.get("dim") or config["hidden_size"]
        count = config.get("n_layer") or config.get("n_layers") or config["num_hidden_layers"]
        embedded = config.get("word_embed_proj_dim", width)
        rows = {"gpt2": config.get("n_positions"), "opt": config.get("max_position_embeddings", 0) + 2}
        self.family, self.tokens = family, tokens
        self.embed = nn.Embedding(config["vocab_size"], embedded)
        self.places = nn.ParameterList()
        if family in {"gpt2", "opt", "bert", "distilbert"}:
            self.places.append(torch.zeros(rows.get(family) or config["max_position_embeddings"], width))
        self.types = nn.Parameter(torch.zeros(config["type_vocab_size"], width)) if family == "bert" else None
        self.project = nn.ModuleList()
        if embedded != width:
            self.project.extend(
                (nn.Linear(embedded, width, bias=False), nn.Linear(width, embedded, bias=False))
            )
        self.layers = nn.Sequential(*(LAYERS[family](config, tokens) for _ in range(count)))
        self.first_norm = nn.LayerNorm(width) if family in {"bert", "distilbert"} else nn.Identity()
        self.last_norm = self.norm_behind(config, width)
        self.transform = nn.Identity()
        masked = family in {"bert", "distilbert"}
        if masked:
            self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.head = nn.Linear(embedded, config["vocab_size"], bias=masked)
        if config["tie_word_embeddings"]:
            self.head.weight = self.embed.weight

    def norm_behind(self, config: Config, width: int) -> nn.Module:
        if LAYERS[self.family] is LlamaLayer:
            return RmsNorm(width)
        behind = self.family in {"gpt2", "gpt_neox"} or (
            self.family == "opt" and config.get("do_layer_norm_before", True)
        )
        return nn.LayerNorm(width) if behind else nn.Identity()

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embed(ids)
        x = self.project[0](x) if self.project else x
        x = x * 8.0 if self.family == "gemma2" else x
        x = x + self.types[0] if self.types is not None else x
        x = x + self.places[0][: self.tokens] if self.places else x
        x = self.last_norm(self.layers(self.first_norm(x)))
        x = self.head(self.transform(self.project[1](x) if self.project else x))
        return capped(x) if self.family == "gemma2" else x


class VisionModel(nn.Module):
    def __init__(self, config: Config, tokens: int) -> None:
        super().__init__()
        width, patch = config["hidden_size"], config["patch_size"]
        count = (config["image_size"] // patch) ** 2
        self.patches = nn.Conv2d(config["num_channels"], width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, count + 1, width))
        self.layers = nn.Sequential(
            *(ClassicLayer(config, tokens) for _ in range(config["num_hidden_layers"]))
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, config["num_labels"])

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(image.shape[0], -1, -1), x), dim=1) + self.places
        return self.head(self.norm(self.layers(x))[:, 0])


class Adapted(nn.Module):
    """A layer and its low-rank adapter."""

    def __init__(self, base: nn.Linear, rank: int = 8) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Linear(base.in_features, rank, bias=False)
        self.up = nn.Linear(rank, base.out_features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + 2.0 * self.up(self.down(x))


LAYERS: dict[str, Callable[..., nn.Module]] = {
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "gemma2", "phi3"), LlamaLayer),
    **dict.fromkeys(("bert", "distilbert", "opt"), ClassicLayer),
    "gpt2": Gpt2Layer,
    "gpt_neox": GptNeoXLayer,
}


def built(config: Config, tokens: int) -> tuple[nn.Module, Tensor]:
    """The model that `config` describes, and one sample for it."""
    if config["model_type"] == "vit":
        size = config["image_size"]
        return VisionModel(config, tokens), torch.rand(1, config["num_channels"], size, size)
    return LanguageModel(config, tokens), torch.randint(0, config["vocab_size"], (1, tokens))
