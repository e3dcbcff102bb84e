"""The channel, what compresses the tensors that cross, and how band and server are shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import streamlit as st

from cutwise.channels import CHANNELS
from cutwise.compression import ACCURACIES, CODECS, Uncompressed
from cutwise.compression.codec import CodecFields
from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.parts import Scenario
from cutwise_dashboard.controls import choice, drawer, edited

OF_MACHINES = {f.name for f in fields(CodecFields)}
"""What a codec has from its tensors and machines; its setting is the rest."""


def link_controls(scenario: Scenario, graph: ModelGraph | None, *, at_once: bool) -> Scenario:
    """The channel and what crosses it; with devices `at_once` also how they share."""
    st.subheader("Link")
    channel = _of_kind(CHANNELS, scenario.channel, "Channel", key="channel.kind")
    kind = channel.kind
    first = [f.name for f in fields(channel) if f.name.startswith(("uplink_b", "downlink_b"))]
    for name in first:
        channel = edited(channel, name, key=f"channel.{kind}")
    if inside := drawer("More of the link"):
        with inside:
            for field in fields(channel):
                if field.name != "kind" and field.name not in first:
                    channel = edited(channel, field.name, key=f"channel.{kind}")
    if inside := drawer("Compression"):
        with inside:
            scenario = _compression(scenario)
    sharing = scenario.sharing
    if at_once:
        for name in ("bandwidth", "server"):
            sharing = edited(sharing, name, key="sharing")
    return replace(scenario, channel=channel, sharing=sharing)


def _compression(scenario: Scenario) -> Scenario:
    """What compresses the tensors that cross, its setting, and what is known of the accuracy it costs."""
    compression = scenario.compression
    codec = _of_kind(CODECS, compression.codec, "Codec", key="compression.codec")
    if not isinstance(codec, Uncompressed):
        codec = _with_setting(codec, key=f"compression.{codec.kind}")
        compression = edited(compression, "directions", key="compression")
        accuracy = _of_kind(ACCURACIES, compression.accuracy, "Accuracy", key="compression.accuracy")
        accuracy = _with_setting(accuracy, key=f"compression.{accuracy.kind}")
        compression = replace(compression, accuracy=accuracy)
        limits = edited(scenario.limits, "accuracy_loss_ratio", key="limits")
        scenario = replace(scenario, limits=limits)
    return replace(scenario, compression=replace(compression, codec=codec))


def _of_kind(kinds: Mapping[str, type[Any]], current: Any, label: str, *, key: str) -> Any:
    """The table at hand, or the one of another kind with its defaults."""
    kind = choice(label, tuple(kinds), current.kind, key=key)
    return current if kind == current.kind else kinds[kind]()


def _with_setting(value: Any, *, key: str) -> Any:
    """A codec or a kind of evidence with its own fields as the reader has set them; lists are a file's."""
    for field in fields(value):
        if field.name not in OF_MACHINES | {"kind"} and not isinstance(field.default, tuple):
            value = edited(value, field.name, key=key)
    return value
