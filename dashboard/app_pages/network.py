"""Who is where: the fleet to edit, what every device can send, what was decided for it, what was measured."""

from __future__ import annotations

from cutwise_dashboard import page, session
from cutwise_dashboard.boundary import section
from cutwise_dashboard.views.network import channel_rates, fleet, measured_here
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
    with section("Measured here"):
        measured_here.show(session.stated(), question.problem)


main()
