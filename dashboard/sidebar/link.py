"""The channel, what compresses the tensors that cross, and how band and server are shared."""

from __future__ import annotations

from dataclasses import fields, replace

import streamlit as st

from cutwise.channels import CHANNELS
from cutwise.compression import ACCURACIES, CODECS, Uncompressed
from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.parts import Scenario
from cutwise_dashboard.controls import choice, drawer, edited

CODEC_FIELDS = {"top_k": ("density_ratio", "value_bits"), "dead_zone": ("step_ratio",)}


def link_controls(scenario: Scenario, graph: ModelGraph | None, *, at_once: bool) -> Scenario:
    """The channel and what crosses it; with devices `at_once` also how they share."""
    st.subheader("Link")
    kind = choice("Channel", tuple(CHANNELS), scenario.channel.kind, key="channel.kind")
    channel = scenario.channel if kind == scenario.channel.kind else CHANNELS[kind]()
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
    kinds = ("none", *CODECS)
    kind = choice("Codec", kinds, compression.codec.kind, key="compression.codec")
    if kind != compression.codec.kind:
        compression = replace(compression, codec=CODECS[kind]() if kind in CODECS else Uncompressed())
    if kind in CODECS:
        codec = compression.codec
        for name in CODEC_FIELDS[kind]:
            codec = edited(codec, name, key=f"compression.{kind}")
        compression = replace(compression, codec=codec)
        compression = edited(compression, "directions", key="compression")
        known = compression.accuracy.kind
        evidence = choice("Accuracy", tuple(ACCURACIES), known, key="compression.accuracy")
        if evidence != compression.accuracy.kind:
            compression = replace(compression, accuracy=ACCURACIES[evidence]())
        limits = edited(scenario.limits, "accuracy_loss_ratio", key="limits")
        scenario = replace(scenario, limits=limits)
    return replace(scenario, compression=compression)
