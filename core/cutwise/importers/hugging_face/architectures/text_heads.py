"""What stands behind an encoder of text: words, classes of texts and tokens, answers, choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.layers import (
    BARE,
    CAUSAL,
    LAST_LANGUAGE,
    QUESTION,
    SEQUENCE,
    TOKENS,
    ClassicLayer,
    activation,
)
from cutwise.importers.hugging_face.net import Net

MASKED, PRETRAINING, NEXT_SENTENCE, CHOICE = (
    "ForMaskedLM", "ForPreTraining", "ForNextSentencePrediction", "ForMultipleChoice",
)  # fmt: skip
NEXT_SENTENCE_CLASSES = 2
ONE_CHOICE = "a sample is one choice: a question with n choices costs n times as much"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLayers:
    """The layers that tell a token's word: their paths, inside `source`; `act` empty for the model's own."""

    source: str
    dense: str
    norm: str
    decoder: str
    act: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Sizes of an encoder of text; `kind` is the end of the class name that says what stands behind it.

    Files call the model `base`. Tokens are embedded in `embedded` features, brought to `width` by the layer
    `projection`; an empty path says that there is none, as `last_norm` does. `stored` names each layer that
    runs, in order: layers that share their weights by one name. `pooler` sees a text's first token.
    """

    base: str
    width: int
    embedded: int
    layer: ClassicLayer
    stored: tuple[str, ...]
    vocabulary: int
    positions: int
    kind: str
    labels: int
    tied: bool
    words: WordLayers
    heads: Mapping[str, Head]
    token_types: int = 0
    task_types: int = 0
    embedding_norm: bool = True
    last_norm: str = ""
    projection: str = ""
    pooler: str = "pooler.dense"
    summary_act: str = ""
    head_dropout_ratio: float = 0.0


Head = Callable[[Encoder, Net, str, Weight], None]


def words(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """Which word each token is; the last layer may share the embedding's table."""
    paths = model.words
    with net.at("head", paths.source):
        y = net.linear(paths.dense, x, model.embedded)
        y = net.layer_norm(paths.norm, activation(net, paths.act or model.layer.act, y))
        net.linear(paths.decoder, y, model.vocabulary, tied=table if model.tied else None)


def pooled(model: Encoder, net: Net, x: str, table: Weight | None = None) -> str:
    """A layer and a tanh on the first token: what stands for the whole text."""
    y = net.linear(f"{model.base}.{model.pooler}", net.first_token(x), model.width, name="pooler")
    return net.elementwise("tanh", "pooler_tanh", y)


def next_sentence(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """Whether the second part of a text follows the first."""
    net.linear("cls.seq_relationship", pooled(model, net, x), NEXT_SENTENCE_CLASSES)


def pretraining(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """WordLayers, and whether the second part of a text follows the first."""
    words(model, net, x, table)
    next_sentence(model, net, x, table)


def order_of_sentences(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """ALBERT's pretraining: words, and whether two sentences were swapped."""
    words(model, net, x, table)
    net.linear("sop_classifier.classifier", _dropped(model, net, pooled(model, net, x)), model.labels)


def pooled_classes(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """Classes of whole texts, or one number for a choice, behind the pooling layer."""
    _classes(model, net, _dropped(model, net, pooled(model, net, x)))


def first_token_classes(act: str) -> Head:
    """Classes of whole texts: two layers on the first token with `act` between them."""

    def head(model: Encoder, net: Net, x: str, table: Weight) -> None:
        y = net.linear("classifier.dense", net.first_token(x), model.width)
        net.linear("classifier.out_proj", _dropped(model, net, activation(net, act, y)), model.labels)

    return head


def classes_behind_relu(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """DistilBERT's classes of texts, and its number for a choice."""
    y = net.linear("pre_classifier", net.first_token(x), model.width)
    _classes(model, net, _dropped(model, net, net.elementwise("relu", "pre_relu", y)))


def summarised_choice(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """ELECTRA's number for a choice: a layer on the first token, an activation, a number."""
    y = net.first_token(x)
    if model.summary_act:
        y = activation(net, model.summary_act, net.linear("sequence_summary.summary", y, model.width))
    _classes(model, net, y)


def token_classes(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """A class for each token."""
    net.linear("classifier", _dropped(model, net, x), model.labels)


def answers(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """Where in the text an answer begins and ends."""
    net.linear("qa_outputs", x, model.labels)


def replaced_tokens(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """ELECTRA's discriminator: whether each token is the text's own."""
    y = net.linear("discriminator_predictions.dense", x, model.width)
    net.linear("discriminator_predictions.dense_prediction", activation(net, model.layer.act, y), 1)


def _classes(model: Encoder, net: Net, x: str) -> None:
    net.linear("classifier", x, 1 if model.kind == CHOICE else model.labels)


def _dropped(model: Encoder, net: Net, x: str) -> str:
    return net.dropped(x, model.head_dropout_ratio)


def _bare(model: Encoder, net: Net, x: str, table: Weight) -> None:
    """No layer at all."""


def _pooled_only(model: Encoder, net: Net, x: str, table: Weight) -> None:
    pooled(model, net, x)


TELLS_WORDS: Mapping[str, Head] = FrozenDict({MASKED: words, CAUSAL: words, LAST_LANGUAGE: words})
PER_TOKEN: Mapping[str, Head] = FrozenDict({TOKENS: token_classes, QUESTION: answers})
BERT_HEADS: Mapping[str, Head] = FrozenDict({
    **TELLS_WORDS, **PER_TOKEN, SEQUENCE: pooled_classes, CHOICE: pooled_classes, PRETRAINING: pretraining,
    NEXT_SENTENCE: next_sentence, BARE: _pooled_only,
})  # fmt: skip
ROBERTA_HEADS: Mapping[str, Head] = FrozenDict({
    **TELLS_WORDS, **PER_TOKEN, SEQUENCE: first_token_classes("tanh"), CHOICE: pooled_classes,
    BARE: _pooled_only,
})  # fmt: skip
ELECTRA_HEADS: Mapping[str, Head] = FrozenDict({
    **TELLS_WORDS, **PER_TOKEN, SEQUENCE: first_token_classes("gelu"), CHOICE: summarised_choice,
    PRETRAINING: replaced_tokens, BARE: _bare,
})  # fmt: skip
ALBERT_HEADS: Mapping[str, Head] = FrozenDict({
    MASKED: words, **PER_TOKEN, SEQUENCE: pooled_classes, CHOICE: pooled_classes,
    PRETRAINING: order_of_sentences, BARE: _pooled_only,
})  # fmt: skip
DISTILBERT_HEADS: Mapping[str, Head] = FrozenDict({
    MASKED: words, **PER_TOKEN, SEQUENCE: classes_behind_relu, CHOICE: classes_behind_relu, BARE: _bare,
})  # fmt: skip
