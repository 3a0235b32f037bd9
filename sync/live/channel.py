"""Channels to people: e-mail, Slack, Teams, webhooks and whatever else Apprise knows (https://appriseit.com)."""

from __future__ import annotations

import logging
import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from ombud.log import redacted

if TYPE_CHECKING:
    from sync.live.message import Message

#: Carries the message's name, the same when it is sent again. Apprise gives each e-mail a Message-ID of its own.
HEADER: Final = "X-Ombud-Message"
#: Seconds that a channel has for one message.
PATIENCE: Final = 30.0
#: Parts of an address as long as this may open something.
_SECRET: Final = 6


def known(address: str) -> bool:
    """Tell whether Apprise can make something of an address."""
    return _service(address) is not None


def post(address: str, message: Message) -> str:
    """Send a message; give "" once the channel took it, else why it did not, without the address.

    Args:
        address: an Apprise address, a secret.
        message: what is told.

    """
    service = _service(address)
    if service is None:
        return "its address is none that Apprise knows"
    # Webhooks and e-mail take headers of ours; chats do not.
    headers = getattr(service, "headers", None)
    if isinstance(headers, dict):
        headers[HEADER] = message.id
    rich = service.resolve_format(None) == "html"
    body = message.html() if rich else message.text(service.body_maxlen)
    sender = _library().Apprise(asset=service.asset)
    sender.add(service)
    try:
        result = sender.notify(
            body=body,
            title=message.title[: service.title_maxlen or None],
            body_format="html" if rich else "text",
            notify_type="warning",
        )
    except Exception as error:  # noqa: BLE001 (a hundred plug-ins: one that fails must not stop the others)
        return type(error).__name__
    if result:
        return ""
    said = [str(entry.message) for entry in result.logs()]
    return without(address, said[-1]) if said else "it was not taken, and nothing says why"


def without(address: str, said: str) -> str:
    """Take out of what was said whatever stands in an address, its host too: chats have tokens there."""
    parts = {
        part
        for told in (address, unquote(address))
        for marks in (r"[/?&=#]+", r"[/:@?&=#,]+")
        for part in re.split(marks, told)
    }
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SECRET:
            said = re.sub(re.escape(part), "…", said, flags=re.IGNORECASE)
    return redacted(said)


def _service(address: str) -> Any:
    library = _library()
    asset = library.AppriseAsset(
        app_id="Ombud",
        app_desc="Complaint policy",
        app_url="",
        # Nothing is fetched from elsewhere, and nothing is left on disk.
        image_url_mask="",
        image_path_mask=False,
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
        http_redirects=False,
        async_mode=False,
        secure_logging=True,
        service_timeout=PATIENCE,
    )
    return library.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)


@cache
def _library() -> Any:
    # Heavy: whoever tells nobody anything does without it.
    with warnings.catch_warnings():
        # Some of its plug-ins use what later Pythons have not.
        warnings.simplefilter("ignore")
        import apprise

        apprise.Apprise.instantiate("json://localhost")
    # What goes wrong is told by us, without the address.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return apprise
