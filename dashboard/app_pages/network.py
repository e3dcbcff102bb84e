"""Who is where: the fleet as a table to edit, what every device can send, and what was decided for it."""

from __future__ import annotations

from cutwise_dashboard import page, session
from cutwise_dashboard.boundary import section
from cutwise_dashboard.views.network import channel_rates, fleet
from cutwise_dashboard.views.plan import devices


def main() -> None:
    with section("The fleet"):
        fleet.show(session.desk())
    question = page.asked()
    if question is None:
        return
    with section("The rates"):
        channel_rates.show(question)
    with section("The devices"):
        devices.table(question.problem, question.plan)


main()
