"""The model, the scheme and the scenario that the sidebar starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cutwise.cli.listings import first_line
from cutwise.costs.options.tuning import Lora
from cutwise.errors import CutwiseError, ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import IMPORTERS, samples
from cutwise.importers.base import size_given
from cutwise.importers.hugging_face.config_file import SEQUENCE, can_regenerate
from cutwise.importers.hugging_face.stated.stated_format import stated_text
from cutwise.importers.several_files import one_upload
from cutwise.problem.stated_workload import as_stated, stated_fields
from cutwise.scenario.scenario_file import parse_scenario
from cutwise.scenario.versions import file_notice
from cutwise.schemes import SCHEMES
from cutwise_dashboard import session
from cutwise_dashboard.controls import choice, drawer, field_widget, follow, readable, seen
from cutwise_dashboard.format import as_written

DIMS_HELP = "A dimension that the file leaves open; everything is priced anew for another size"
SHOWN_FILES = 3
READ_HOW = "read in a guarded process, nothing of it is run"


def model_controls() -> ModelGraph | None:
    """A shipped model or the reader's own file, with the sizes of its open dimensions."""
    chosen = session.choice()
    names = (*samples(), *([chosen.upload_name] if chosen.upload_digest else []))
    current = chosen.upload_name if chosen.upload_digest else chosen.sample
    picked = choice("Model", names, current, key="model")
    if picked != current:
        session.choose(sample=picked, upload_digest="", upload_name="", dims={}, options={})
        session.forget_length()
    if inside := drawer("Your own model"):
        with inside:
            _upload()
    graph = session.model()
    if graph and graph.dims:
        _sizes(graph)
    if graph:
        _stated(graph)
    return graph


def _stated(graph: ModelGraph) -> None:
    """What the model's file says of the workload, with a button that takes it over."""
    current = session.scenario().workload
    wanted = as_stated(current, graph)
    if wanted == current:
        return
    if wanted.quantised and wanted.training and not isinstance(wanted.tuning, Lora):
        # Quantised weights are not trained: what people do with them is train adapters beside them.
        wanted = replace(wanted, tuning=Lora())
    st.caption(as_written(f"The model's file says: {stated_text(stated_fields(graph))}"))
    if st.button("Take over", key="stated", help="Sets these in what is trained, and how"):
        session.set_scenario(replace(session.scenario(), workload=wanted))
        st.rerun()


def _upload() -> None:
    """The uploader; what was read stays the model until something else is chosen."""
    files = st.file_uploader(
        "Model file",
        key="upload",
        accept_multiple_files=True,
        max_upload_size=200,
        help=f"{', '.join(known.about for known in IMPORTERS.values())}; {READ_HOW}",
    )
    sizes = st.text_input(
        "Sizes of open dimensions", key="upload.sizes", placeholder="height=320, width=320",
        help="Only for a file whose dimensions are open and whose proposed sizes do not fit",
    )  # fmt: skip
    ids = [file.file_id for file in files]
    before, with_sizes = st.session_state.get("read_upload", ([], ""))
    if not files or (before, with_sizes) == (ids, sizes):
        return
    new = [file for file in files if file.file_id not in before] or files
    st.session_state["read_upload"] = (ids, sizes)
    try:
        with st.spinner(f"Reading {', '.join(file.name for file in new[:SHOWN_FILES])} …"):
            session.add_upload(*one_upload(_contents(new), _contents(files)), parsed_sizes(sizes))
    except CutwiseError as error:
        st.session_state["upload_error"] = str(error)
    else:
        st.session_state.pop("upload_error", None)
        st.rerun()


def _contents(files: Sequence[UploadedFile]) -> list[tuple[str, bytes]]:
    return [(file.name, file.getvalue()) for file in files]


def _sizes(graph: ModelGraph) -> None:
    """A number for each dimension that the file leaves open; what the workload says is among the work."""
    dims = {}
    for name, size in graph.dims.items():
        if name == "batch" or (name == SEQUENCE and can_regenerate(graph)):
            continue
        key = f"dims.{graph.name}.{name}"
        follow(key, size)
        dims[name] = int(
            seen(key, st.number_input(_title(name), 1, 1_000_000, step=1, key=key, help=DIMS_HELP))
        )
    if dims and dims != {name: graph.dims[name] for name in dims}:
        try:
            session.resize(dims)
        except CutwiseError as error:
            st.error(as_written(str(error)))
        else:
            st.rerun()


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def parsed_sizes(text: str) -> dict[str, int]:
    """Sizes written as "height=320, width=320".

    Raises `ModelImportError` for anything else.
    """
    parts = filter(None, (word.strip() for word in text.split(",")))
    return dict(size_given(part, given_as="sizes") for part in parts)


def scheme_controls() -> None:
    """The scheme and its options."""
    chosen = session.choice()
    names = tuple(name for name, scheme in SCHEMES.items() if not scheme.is_baseline)
    names += tuple(name for name in SCHEMES if name not in names)
    picked = choice("Scheme", names, chosen.scheme, key="scheme")
    if picked != chosen.scheme:
        session.choose(scheme=picked, options={})
    scheme = SCHEMES[picked]
    st.caption(first_line(scheme))
    options = dict(session.choice().options)
    for option in fields(scheme):
        if option.name in {"certify", "cut"}:
            continue
        current = options.get(option.name, option.default)
        value = field_widget(scheme, option.name, current, key=f"option.{picked}.{option.name}")
        if value != current:
            options[option.name] = value
    if options != dict(session.choice().options):
        session.choose(options=options)


def scenario_controls() -> None:
    """Shipped scenarios, and the reader's own file; a file with mistakes changes nothing and lists them."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        name = st.selectbox("Shipped", session.shipped_scenarios(), key="shipped", format_func=readable)
    if right.button("Open", key="open_shipped", width="stretch"):
        session.set_scenario(session.shipped_scenario(name))
    file = st.file_uploader("Scenario file", type=["toml", "json"], key="scenario_file", max_upload_size=16)
    if file is None or st.session_state.get("read_scenario") == file.file_id:
        return
    st.session_state["read_scenario"] = file.file_id
    try:
        session.set_scenario(parse_scenario(file.getvalue(), name=file.name))
        session.note("versions", file_notice(file.getvalue(), name=file.name))
        st.session_state.pop("upload_error", None)
    except ScenarioError as error:
        st.session_state["upload_error"] = f"{file.name}:\n\n" + "\n\n".join(error.mistakes)
