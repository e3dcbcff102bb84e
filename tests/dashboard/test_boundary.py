"""A fault in one section is told there in one sentence; the rest of the page goes on."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest


def page(kind: str) -> None:
    import streamlit as st

    from cutwise.errors import ScenarioError
    from cutwise_dashboard.boundary import section

    faults = {
        "bug": ZeroDivisionError("secret path /home"),
        "memory": MemoryError(),
        "depth": RecursionError("maximum"),
        "ours": ScenarioError(["rounds: [too] few"]),
    }

    @section("The *ruler*")
    def ruler() -> None:
        left, _ = st.columns(2)
        with left:
            st.text("before")
            if kind == "stop":
                st.stop()
            raise faults[kind]

    ruler()
    st.text("after")


def shown(kind: str) -> AppTest:
    found = AppTest.from_function(page, kwargs={"kind": kind}, default_timeout=30).run()
    assert not found.exception
    return found


@pytest.mark.parametrize(
    ("kind", "name", "remedy"),
    [
        ("bug", "ZeroDivisionError", "report this number"),
        ("memory", "MemoryError", "choose a smaller model"),
        ("depth", "RecursionError", "nested too deeply"),
    ],
)
def test_a_fault_is_named_with_a_number_that_stands_in_the_log(
    kind: str, name: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = shown(kind)
    (error,) = found.error
    number = re.search(r"reference ([0-9a-f]{8})", error.value)
    assert number
    assert name in error.value
    assert remedy in error.value
    assert "secret" not in error.value
    assert r"The \*ruler\*" in error.value
    assert [text.value for text in found.text] == ["before", "after"]
    log = capsys.readouterr().err
    assert f"reference {number[1]}" in log
    assert "Traceback" in log


def test_an_error_of_the_library_is_its_own_sentence_character_by_character() -> None:
    (error,) = shown("ours").error
    assert error.value == r"rounds\: \[too\] few"


def test_what_streamlit_raises_to_end_a_run_passes() -> None:
    found = shown("stop")
    assert not found.error
    assert [text.value for text in found.text] == ["before"]
