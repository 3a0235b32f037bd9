"""Pages of signing in, of one's account and of the staff: they need no figures, and nobody may be signed in yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ombud.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ombud.settings import Settings
    from ombud.web.dash.frame import Link
    from ombud.web.dash.viewer import Viewer
    from sync.service import Service

#: The rail's last group.
GROUP = "You and others"


class Framed(Protocol):
    """Put a page into its frame."""

    def __call__(
        self,
        request: Request,
        viewer: Viewer | None,
        template: str,
        title: str,
        *,
        status: int = 200,
        **told: object,
    ) -> Response:
        """Give the page.

        Args:
            request: the request.
            viewer: who reads; `None` before signing in.
            template: under templates/dash/.
            title: the heading.
            status: the answer's status.
            told: what the template needs besides `frame`.

        """
        ...


class Alone:
    """Put pages into the frame without figures; the rail has no numbers."""

    def __init__(self, service: Service) -> None:
        """Prepare."""
        self._settings: Settings = service.settings
        self._service = service

    def __call__(
        self,
        request: Request,
        viewer: Viewer | None,
        template: str,
        title: str,
        *,
        status: int = 200,
        **told: object,
    ) -> Response:
        """Give the page."""
        # The pages are made of guarded routes themselves.
        from ombud.web.dash.frame import Frame, theme_of

        session = getattr(request.state, "ombud_session", None)
        zone = self._service.zone
        frame = Frame(
            title=title,
            path=request.url.path,
            zone_name=(zone if viewer is None else viewer.zone).key,
            desk_zone_name=zone.key,
            pages=() if viewer is None else _rail(viewer, request.url.path),
            organisation=self._settings.dashboard.organisation,
            viewer=viewer,
            theme=theme_of(request),
            csrf="" if session is None else session.csrf,
        )
        return page(f"dash/{template}", status=status, frame=frame, viewer=viewer, zone=zone if viewer is None else viewer.zone, **told)  # fmt: skip


def own_pages(viewer: Viewer, here: str) -> tuple[Link, ...]:
    """Give the rail's links to one's account and, for whoever may see it, the staff."""
    from ombud.web.dash.frame import Link

    told = [("/account", "Your account")]
    if viewer.may("log_read"):
        told += [("/staff", "Staff"), ("/staff/audit", "Who looked at what")]
    current = max((path for path, _ in told if here.startswith(path)), key=len, default="")
    return tuple(Link(path, name, None, path == current) for path, name in told)


def _rail(viewer: Viewer, here: str) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    from ombud.web.dash.frame import Link
    from ombud.web.dash.pages import PAGES

    groups: dict[str, list[Link]] = {}
    for each in PAGES:
        if each.title and viewer.may(each.action):
            groups.setdefault(each.group, []).append(Link(each.path, each.title, None, False))
    return (*((name, tuple(links)) for name, links in groups.items()), (GROUP, own_pages(viewer, here)))  # fmt: skip
