"""What every answer tells the browser: what the page may load, and who may hold it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from streamlit import file_util

from cutwise.frozen import FrozenDict

INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
"""The scripts that stand in Streamlit's own page."""
REPLACED = re.compile(rb"server|access-control-.*")
"""Nothing is read from other origins, and what serves is nobody's business."""
FIXED: Mapping[str, str] = FrozenDict(
    {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        # The address carries the question.
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=()",
    }
)
POLICY: Mapping[str, str] = FrozenDict(
    {
        "default-src": "'none'",
        # Streamlit hands components their scripts as blobs, which only a script that runs already can make.
        "script-src": "'self' blob: {scripts}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        # Not every browser takes 'self' for websockets too.
        "connect-src": "'self' ws://{host} wss://{host}",
        "manifest-src": "'self'",
        "base-uri": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
)


def inline_scripts() -> str:
    """The digests of the scripts in Streamlit's own page, as a policy names them."""
    with open(f"{file_util.get_static_dir()}/index.html", encoding="utf-8") as page:
        found = INLINE.findall(page.read())
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in found)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def policy(host: str, scripts: str) -> str:
    """The content security policy of a page that calls its server `host`."""
    return "; ".join(f"{name} {value.format(host=host, scripts=scripts)}" for name, value in POLICY.items())


def with_own(given: Iterable[tuple[bytes, bytes]], host: str, scripts: str) -> Sequence[tuple[bytes, bytes]]:
    """These headers, with ours in place of those of the same name."""
    own = {**FIXED, "content-security-policy": policy(host, scripts)}
    encoded = {name.encode(): value.encode("latin-1") for name, value in own.items()}
    kept = [(name, value) for name, value in given if name not in encoded and not REPLACED.fullmatch(name)]
    return [*kept, *encoded.items()]


def without_page() -> Mapping[str, str]:
    """The headers of an answer that never reached the page: nothing may be loaded from it."""
    return {**FIXED, "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}
