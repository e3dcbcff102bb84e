"""What nobody has held against hardware, said first."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import streamlit as st

from cutwise.costs.memory.runtime import UNMEASURED
from cutwise.hardware.profiles import Profile, hardware
from cutwise.hardware.time_classes import time_classes


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
    untested = sorted(one.title for one in time_classes().values() if not one.tested)
    unmeasured = [f"`{name}`" for name in sorted(UNMEASURED)]
    return {
        "Delay": (
            "Training on Jetsons, phones and phone NPUs, and training in fp32 or TF32 on any GPU: backward "
            "passes there are those of other hardware. Channels-last training is further off than the band "
            f"says. No part of its own was held against {_listed(untested)}; in eager PyTorch on Arm one "
            "board was. Rounds of many devices were not timed on devices."
        ),
        "Energy": (
            "Processors, access points, and phones and Jetsons that compute. By default servers draw what "
            f"measured GPUs drew. Of the {len(powers) * len(profiles)} powers in the catalogue's "
            f"{len(profiles)} profiles {unknown} are recalled, not looked up."
        ),
        "Radio": (
            "Rates are those of the formula or as given; no link was measured, no queue of many users, no "
            "uplink under load. A phone on 5G draws what one drew; LTE and Wi-Fi are recalled."
        ),
        "Memory beside the tensors": (
            f"What a process takes more is not measured on {_listed(unmeasured)} and counts nothing there."
        ),
        "Proofs": (
            "Certified optimal means that no cut is better in this model of the world; it says nothing of "
            "the world."
        ),
    }


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
