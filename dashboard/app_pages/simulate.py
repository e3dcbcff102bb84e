"""What happens meanwhile: the round played task by task, and every device's turn."""

from __future__ import annotations

from cutwise_dashboard import page
from cutwise_dashboard.views import simulate


def main() -> None:
    question = page.asked()
    if question is not None:
        simulate.show(question)


main()
