"""How Streamlit is set: by the page's own file, whatever a reader's files, variables and flags say.

Every option has the value in `dashboard/.streamlit/config.toml`, or Streamlit's own default, but for a few
that are `FREE`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from importlib.resources import files
from typing import Any

from streamlit import config
from streamlit.config_option import ConfigOption

from cutwise.frozen import FrozenDict

HOME = files("cutwise_dashboard")
OWN = "the page's own settings"
FREE: Mapping[str, str] = FrozenDict(
    {
        "server.port": "where the page answers",
        "browser.serverPort": "the same port, as Streamlit names it",
        "server.headless": "whether a browser is opened at the start",
        "server.fileWatcherType": "for whoever edits pages",
        "server.runOnSave": "for whoever edits pages",
        "server.cookieSecret": "drawn anew at each start, and read by nobody",
        "logger.level": "what is logged on the server",
        "logger.messageFormat": "how it is logged",
        "logger.hideWelcomeMessage": "what is printed at the start",
    }
)
"""Option → why it may be set on purpose; none of them opens anything."""
Settings = Mapping[str, Any]


def own_settings() -> dict[str, Any]:
    """Option → value, as the page's own file says."""
    text = (HOME / ".streamlit" / "config.toml").read_text("utf-8")
    return dict(_options("", tomllib.loads(text)))


def _options(section: str, found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        key = f"{section}{name}"
        if isinstance(value, dict):
            yield from _options(f"{key}.", value)
        else:
            yield key, value


def keep(settings: Settings) -> None:
    """Gives every option that is not free its value in `settings`, else Streamlit's default, for good.

    Streamlit reads its files again when one of them changes; what they say then is overruled once more.
    """
    keeping = _keeper(settings)
    keeping()
    config.on_config_parsed(keeping, force_connect=True)


def _keeper(settings: Settings) -> Callable[[], None]:
    def keeping() -> None:
        for key, option in config.get_config_options().items():
            if key in settings:
                config.set_option(key, settings[key], OWN)
            elif key not in FREE:
                config.set_option(key, option.default_val, ConfigOption.DEFAULT_DEFINITION)

    return keeping


def read_own_files_only() -> None:
    """Makes Streamlit read its settings where none but the page's own are.

    It looks in the reader's home and in the folder it is started in; meanwhile, both are the page's.
    """
    with chdir(str(HOME)), _home(str(HOME)):
        config.get_config_options(force_reparse=True)


@contextmanager
def _home(folder: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ("HOME", "USERPROFILE")}
    os.environ.update(dict.fromkeys(before, folder))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def undone_by(environment: Mapping[str, str], settings: Settings) -> str | None:
    """The first variable that asks for what these settings rule out."""
    for key, option in config.get_config_options().items():
        given = environment.get(option.env_var)
        if given is not None and key not in FREE and not _same(given, settings.get(key, option.default_val)):
            return option.env_var
    return None


def _same(given: str, value: Any) -> bool:
    return given.strip().lower() == str("" if value is None else value).lower()
