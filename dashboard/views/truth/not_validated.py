"""What nobody has held against hardware, said first."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import streamlit as st

from cutwise.costs.memory.runtime import UNMEASURED
from cutwise.hardware.profiles import DATASHEET_EFFICIENCY_RATIO, Profile, hardware
from cutwise.units import percent


def show() -> None:
    """One line a subject."""
    with st.container(border=True):
        st.subheader("Not validated", anchor=False)
        st.markdown("\n".join(f"* **{subject}.** {said}" for subject, said in subjects().items()))
        st.page_link("app_pages/papers.py", label="Published figures of five papers beside ours")


def subjects() -> dict[str, str]:
    """What was not measured, by subject, with how much of it is recalled from memory."""
    profiles = hardware().values()
    recalled = Counter(name for profile in profiles for name in profile.recalled)
    powers = [field.name for field in fields(Profile) if field.name.endswith("_w")]
    unknown = sum(recalled[name] for name in powers)
    share = f"{percent(DATASHEET_EFFICIENCY_RATIO):.0f} %"
    return {
        "Delay": (
            f"Speeds are {share} of a data sheet's peak unless a speed or measured seconds are given; no "
            "round of a plan was timed on devices. Orders of schemes hold better than seconds."
        ),
        "Energy": (
            "Processors, access points, and phones and Jetsons that compute. By default servers draw what "
            f"measured GPUs drew. Of the {len(powers) * len(profiles)} powers in the catalogue's "
            f"{len(profiles)} profiles {unknown} are recalled, not looked up."
        ),
        "Radio": (
            "Rates are those of the formula or as given; no link was measured. A phone on 5G draws what one "
            "drew; LTE and Wi-Fi are recalled."
        ),
        "Memory beside the tensors": (
            f"What a process takes more is not measured on {_listed(sorted(UNMEASURED))} and counts nothing "
            "there."
        ),
        "Proofs": (
            "Certified optimal means that no cut is better in this model of the world; it says nothing of "
            "the world."
        ),
    }


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
