import streamlit as st

from cutwise_dashboard import page
from cutwise_dashboard.components.device_list import device_list, device_rows
from cutwise_dashboard.format import seconds_text

question = page.asked()
if question:
    st.html(f'<div class="figure first"><b>{seconds_text(question.plan.delay_s)}</b></div>')
    device_list(device_rows(question.plan, question.device))
