"""The layers of the front door in their order, and the page as `streamlit run` finds it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from streamlit import config

from cutwise.cli.streams import note
from cutwise.errors import CutwiseError
from cutwise_dashboard.serving import settings
from cutwise_dashboard.serving.browser_messages import within_bounds
from cutwise_dashboard.serving.front_door import only_by_name, only_what_there_is, with_headers
from cutwise_dashboard.serving.host_names import LOOPBACK_NAMES
from cutwise_dashboard.serving.limits import few_at_once, unhurried_but_bounded
from cutwise_dashboard.serving.seldom_log import keep_seldom
from cutwise_dashboard.serving.start_checks import tried_out

OPEN_TO_OTHERS = (
    "cutwise: streamlit run would listen on {address}, where others reach it; run: cutwise serve, "
    "or with --public --host NAME for others"
)


def layers(names: Sequence[str]) -> list[Middleware]:
    """What every request passes, outermost first; `names` are those that the server answers to."""
    keep_seldom()
    return [
        Middleware(with_headers),
        Middleware(only_by_name, names=names),
        Middleware(only_what_there_is),
        Middleware(few_at_once),
        Middleware(unhurried_but_bounded),
        Middleware(within_bounds),
    ]


def layers_under_streamlit() -> list[Middleware]:
    """The same for `streamlit run`, which has bound its address by now: it ends where others would get in."""
    address = config.get_option("server.address")
    if address not in LOOPBACK_NAMES:
        note(OPEN_TO_OTHERS.format(address=address or "every address"))
        raise SystemExit(2)
    try:
        said = tried_out()
    except CutwiseError as error:
        note(f"cutwise: {error}")
        raise SystemExit(2) from error
    if said:
        note(said)
    settings.keep(settings.own_settings() | {"server.allowedHosts": list(LOOPBACK_NAMES)})
    return layers(LOOPBACK_NAMES)
