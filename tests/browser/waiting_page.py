"""A page with one number on it and an answer that takes long where the number is 1."""

from __future__ import annotations

import streamlit as st

from cutwise.errors import CutwiseError
from cutwise_dashboard.executor.shown import answered
from tests.dashboard.executor.worker_functions import slept

number = st.number_input("Number", 0, 9, 0)
st.text(f"strip {number}")
try:
    st.text("answer " + answered(slept, 100.0 if number == 1 else 0.01, str(number), words="The plan"))
except CutwiseError as error:
    st.error(str(error))
