"""Serves the page: one process, one port, the page's own settings, and the front door around it."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from streamlit import App, cli_util, config, file_util

from cutwise.cli.streams import note, said, say
from cutwise.errors import CutwiseError
from cutwise_dashboard.serving import serving_bounds as bounds
from cutwise_dashboard.serving import settings
from cutwise_dashboard.serving.door import layers
from cutwise_dashboard.serving.host_names import LOOPBACK_NAMES, public_name
from cutwise_dashboard.serving.patient_protocol import PatientProtocol
from cutwise_dashboard.serving.start_checks import tried_out

SCRIPT = settings.HOME / "app.py"
HOME_OF_FONTS = settings.HOME / "static"
HERE = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
LAST_PORT = 65535


def serve(*, port: int, public: bool, names: Sequence[str], address: str | None) -> None:
    """Serves the page until it is stopped; raises `CutwiseError` where that would not be safe.

    Without `public` only this machine reaches it. With it, those who call it by one of `names` do.
    """
    at = _address(address, public=public)
    known = _known_names(names, at, public=public)
    _need_browser_files()
    if warning := tried_out():
        note(warning)
    with closing(_listening(at, port)) as sock:
        actual = sock.getsockname()[1]
        _set(known, at, actual, public=public)
        say(_welcome(known, at, actual, public=public))
        said()
        if not public and not config.get_option("server.headless"):
            cli_util.open_browser(_own_url(at, actual))
        _run(uvicorn.Server(_uvicorn_config(App(str(SCRIPT), middleware=layers(known)))), sock)


def _known_names(names: Sequence[str], at: str, *, public: bool) -> tuple[str, ...]:
    """The names that requests may call; of this machine alone, where it listens is one too."""
    if public and not names:
        raise CutwiseError(
            "--public: also say by which name people open the page, --host cutwise.example.org"
        )
    if names and not public:
        raise CutwiseError(f"--host {names[0]}: only with --public, which lets others in by that name")
    return tuple(map(public_name, names)) or tuple(dict.fromkeys((*LOOPBACK_NAMES, at)))


def _address(given: str | None, *, public: bool) -> str:
    """Where to listen; raises `CutwiseError` where others would get in without `--public`."""
    at = given or (EVERYWHERE if public else HERE)
    try:
        found = ip_address(at.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise CutwiseError(
            f"--address {at}: is no address; give one of this machine, such as {HERE}"
        ) from None
    if not public and not found.is_loopback:
        raise CutwiseError(
            f"--address {at}: lets others in, without a name they have to call; add --public --host NAME"
        )
    return str(found)


def _need_browser_files() -> None:
    """Raises `CutwiseError` where the installation lacks what a browser is given."""
    faces = settings.own_settings()["theme.fontFaces"]
    needed = {
        "streamlit": Path(file_util.get_static_dir()) / "index.html",
        **{f"cutwise ({face['family']})": HOME_OF_FONTS / Path(face["url"]).name for face in faces},
    }
    for package, file in needed.items():
        if not file.is_file():
            raise CutwiseError(
                f"{package}: its browser file {file.name} is not installed; install the package again, "
                "with pip install --force-reinstall"
            )


def _listening(at: str, port: int) -> socket.socket:
    """A socket that listens; a name of this machine that people type may lead to both kinds of address."""
    family = socket.AF_INET6 if ":" in at else socket.AF_INET
    if not 0 <= port <= LAST_PORT:
        raise CutwiseError(f"--port {port}: is no port; give a free one, 1 to {LAST_PORT}")
    try:
        if at == EVERYWHERE and socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        return socket.create_server((at, port), family=family)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise CutwiseError(f"--port {port}: cannot be used ({why}); give a free one, 1 to 65535") from error


def _set(names: Sequence[str], at: str, port: int, *, public: bool) -> None:
    settings.read_own_files_only()
    own = settings.own_settings() | {
        "server.address": at, "server.port": port, "server.allowedHosts": list(names),
    }  # fmt: skip
    if public and (variable := settings.undone_by(os.environ, own)):
        raise CutwiseError(
            f"{variable}: asks for what --public never does; unset it, the page has its own settings"
        )
    settings.keep(own | _said_by(os.environ))


def _said_by(environment: Mapping[str, str]) -> dict[str, bool]:
    """The one variable of Streamlit's that is heard: whether a browser is opened."""
    said = environment.get("STREAMLIT_SERVER_HEADLESS", "").lower()
    return {"server.headless": said in ("1", "true")} if said else {}


def _welcome(names: Sequence[str], at: str, port: int, *, public: bool) -> str:
    if not public:
        return f"Cutwise is open at {_own_url(at, port)} for this machine alone; Ctrl-C ends it."
    where = "every address of this machine" if at == EVERYWHERE else at
    return f"Cutwise answers to {', '.join(names)} on port {port} of {where}; Ctrl-C ends it."


def _own_url(at: str, port: int) -> str:
    """Where this machine opens it: a name that leads elsewhere too is none."""
    name = "localhost" if at == HERE else f"[{at}]" if ":" in at else at
    return f"http://{name}:{port}"


def _uvicorn_config(app: App) -> uvicorn.Config:
    """Nothing that a proxy says of others is believed, and nothing compressed is unpacked.

    Its own bound on connections is not used: it has no words. That of `PatientProtocol` holds.
    """
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="websockets-sansio",
        ws_max_size=bounds.MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        log_level="warning",
        access_log=False,
        use_colors=False,
        workers=1,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=bounds.HEAD_BYTES,
        timeout_graceful_shutdown=bounds.ENDING_S,
    )


def _run(server: uvicorn.Server, sock: socket.socket) -> None:
    """Until Ctrl-C or the end that a service manager asks for, which are the same here."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[sock])
