"""What one browser session holds: the scenario, the model, the scheme; and the link that restores them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, Literal

import streamlit as st

from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import CutwiseError, ScenarioError
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_bytes, samples
from cutwise.importers.base import checked_dims
from cutwise.problem.stated_workload import with_adapter
from cutwise.read_limits import LINK_BYTES
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import parse_scenario, scenario_from_dict, scenario_to_dict
from cutwise.scenario.versions import notice, versions, versions_in
from cutwise.schemes.options import scheme_with
from cutwise_dashboard import cached

FIRST_SAMPLE = "resnet18"
FIRST_SCENARIO = "lecture_hall"
LINK_KEY = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection(Frozen):
    """What is planned and how: a sample's name or an upload's digest and name, the sizes given to its
    open dimensions, the scheme and its options.
    """

    sample: str = FIRST_SAMPLE
    upload_digest: str = ""
    upload_name: str = ""
    dims: Mapping[str, int] = field(default_factory=dict)
    scheme: str = DEFAULT_SCHEME
    options: Mapping[str, Any] = field(default_factory=dict)


def scenario() -> Scenario:
    """The session's scenario; the lecture hall at first."""
    if "scenario" not in st.session_state:
        st.session_state["scenario"] = first_scenario()
    return st.session_state["scenario"]


def set_scenario(value: Scenario) -> None:
    st.session_state["scenario"] = value


def note(about: str, text: str) -> None:
    """Keeps what is to be said of the scenario that was just opened."""
    st.session_state[f"note.{about}"] = (repr(scenario()), text)


def noted(about: str) -> str:
    """What is to be said of the scenario; empty once it is another one."""
    given, text = st.session_state.get(f"note.{about}", ("", ""))
    return text if given == repr(scenario()) else ""


def choice() -> Selection:
    """What the session plans."""
    return st.session_state.setdefault("choice", Selection())


def choose(**changes: Any) -> None:
    st.session_state["choice"] = replace(choice(), **changes)


def first_scenario() -> Scenario:
    return shipped_scenario(FIRST_SCENARIO)


def shipped_scenarios() -> tuple[str, ...]:
    """Names of the scenarios in `assets/scenarios`, the first one first."""
    names = sorted(
        path.name.removesuffix(".toml") for path in files("cutwise.assets").joinpath("scenarios").iterdir()
    )
    return (FIRST_SCENARIO, *(name for name in names if name != FIRST_SCENARIO))


def shipped_scenario(name: str) -> Scenario:
    return parse_scenario(files("cutwise.assets").joinpath(f"scenarios/{name}.toml").read_bytes(), name=name)


def model() -> ModelGraph | None:
    """The chosen model, or None where a link names an upload that this session does not have."""
    chosen = choice()
    if not chosen.upload_digest:
        return cached.sample(chosen.sample, tuple(sorted(chosen.dims.items())))
    known = _uploads().get(chosen.upload_digest)
    return known[1] if known else None


def add_upload(name: str, content: bytes, dims: Mapping[str, int] | None = None) -> ModelGraph | None:
    """Reads an uploaded file in the guarded process and makes it the session's model.

    `dims` are the sizes of its open dimensions. The configuration of an adapter is no model: it says how the
    one that is there is trained. Raises `ModelImportError` with one sentence; the model that was there stays.
    """
    if adapted := with_adapter(scenario().workload, content):
        set_scenario(replace(scenario(), workload=adapted))
        return model()
    graph = load_bytes(name, content, dims=dims or None, poll=_still_here)
    digest = hashlib.sha256(content).hexdigest()
    _uploads()[digest] = (content, graph)
    if digest != choice().upload_digest:
        forget_length()
    choose(upload_digest=digest, upload_name=name, dims=dict(dims or {}), options={})
    return graph


def forget_length() -> None:
    """Leaves out the workload's sequence length and tokens: they were meant for the model before."""
    lengths = {"sequence_length": None, "prompt_tokens": None, "new_tokens": None}
    set_scenario(replace(scenario(), workload=replace(scenario().workload, **lengths)))


def resize(dims: Mapping[str, int]) -> None:
    """The chosen model with other sizes of its open dimensions; raises `ModelImportError` if it has none."""
    chosen = choice()
    if chosen.upload_digest:
        add_upload(chosen.upload_name, _uploads()[chosen.upload_digest][0], dims)
    else:
        cached.sample(chosen.sample, tuple(sorted(dims.items())))
        choose(dims=dict(dims), options={})


def _uploads() -> dict[str, tuple[bytes, ModelGraph]]:
    """The session's uploads by the digest of their bytes."""
    return st.session_state.setdefault("uploads", {})


def _still_here() -> None:
    """Any element call raises when the session has gone, which ends the reader with it."""
    st.empty()


def theme() -> Literal["light", "dark"]:
    """What the reader's browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def link_text() -> str:
    """The text of a link that restores model, scenario, scheme and options."""
    chosen = choice()
    content = {
        "written_by": versions().text,
        "sample": chosen.sample,
        "upload": {"digest": chosen.upload_digest, "name": chosen.upload_name}
        if chosen.upload_digest
        else None,
        "dims": dict(chosen.dims),
        "scheme": chosen.scheme,
        "options": dict(chosen.options),
        "scenario": scenario_to_dict(scenario()),
    }
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), level=9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def restore(text: str) -> str:
    """Takes over what a link holds; answers what to say where other versions wrote it, empty where these did.

    Raises `CutwiseError` with what is wrong with it; nothing is changed then.
    """
    content = _unpacked(text)
    upload = content.get("upload") or {}
    found = Selection(
        sample=str(content.get("sample", FIRST_SAMPLE)),
        upload_digest=str(upload.get("digest", "")),
        upload_name=str(upload.get("name", "")),
        dims=checked_dims(content.get("dims") or {}),
        scheme=str(content.get("scheme", DEFAULT_SCHEME)),
        options=dict(content.get("options") or {}),
    )
    if found.sample not in samples():
        raise ScenarioError([f"the link names a sample {found.sample!r} that is not shipped here"])
    scheme_with(found.scheme, {name: value for name, value in found.options.items() if name != "cut"})
    given = scenario_from_dict(content.get("scenario") or {})
    st.session_state["choice"] = found
    set_scenario(given)
    return notice("this link", versions_in(str(content.get("written_by", ""))))


def _unpacked(text: str) -> dict[str, Any]:
    broken = CutwiseError("the link is damaged; ask for it again, or start from the scenario on this page")
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        reader = zlib.decompressobj()
        content = json.loads(reader.decompress(packed, LINK_BYTES))
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise broken from error
    if reader.unconsumed_tail or not isinstance(content, dict):
        raise broken
    return content
