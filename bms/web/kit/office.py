"""The back office: areas of pages for people who run events, or the service.

An area is open to a role that has its right. A stranger is led to sign in, and whoever lacks the right gets
403. What belongs to somebody else is not there: 404, as if it did not exist.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bms.errors import Forbidden, NotFound, ValidationFailed
from bms.http.pages import decode_cursor
from bms.terms import Right
from bms.web.kit.pages import FormHandler, Handler, Kept, Pages
from bms.web.kit.visit import Visit


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of an area's navigation. ``title`` is a text of the catalogues."""

    path: str
    title: str


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the back office: its first page, who may enter, and its navigation."""

    title: str
    path: str
    right: Right
    sections: tuple[Section, ...]

    def current(self, path: str) -> Section | None:
        """Return the section that the page at ``path`` belongs to: the one with the longest path."""
        found = [one for one in self.sections if path == one.path or path.startswith(f"{one.path}/")]
        return max(found, key=lambda one: len(one.path), default=None)

    def check(self, visit: Visit) -> None:
        """Raise SignInFirst for a stranger or a guest, and Forbidden for whoever lacks the right."""
        if not visit.require_account().caller.may(self.right):
            raise Forbidden()

    def render(self, visit: Visit, template: str, **values: Any) -> web.Response:
        """Return a page of the area: ``template`` with ``values`` in it, as ``Visit.render``."""
        return visit.render(
            template, area=self, section=self.current(visit.request.rel_url.raw_path), **values
        )


def position_in(visit: Visit, *types: type) -> tuple[Any, ...]:
    """Return where the page of a list begins, by its cursor. One that is not ours is the beginning."""
    try:
        return decode_cursor(visit.known.get("cursor"), *types)
    except ValidationFailed:
        return (None,) * len(types)


class Office(Pages):
    """The routes of some pages of an area. Each checks first that the visitor may enter."""

    def __init__(self, area: Area) -> None:
        super().__init__()
        self.area = area

    def get(
        self, *paths: str, kept: Kept | None = None, known: tuple[str, ...] = ()
    ) -> Callable[[Handler], Handler]:
        """Return a decorator that shows a page at each of ``paths``. None of them is kept for others."""
        assert kept is None, "pages of the back office are personal"
        register = super().get(*paths, known=known)

        def guard(handler: Handler) -> Handler:
            async def guarded(visit: Visit) -> web.Response:
                self.area.check(visit)
                try:
                    return await handler(visit)
                except Forbidden:
                    raise NotFound() from None

            register(guarded)
            return handler

        return guard

    def post(
        self,
        path: str,
        *,
        again: FormHandler | None = None,
        known: tuple[str, ...] = (),
        is_proof: bool = False,
        most: int | None = None,
    ) -> Callable[[FormHandler], FormHandler]:
        """Return a decorator that takes the form that is posted to ``path``."""
        repeat = None if again is None else self._guarded(again)
        register = super().post(path, again=repeat, known=known, is_proof=is_proof, most=most)

        def guard(handler: FormHandler) -> FormHandler:
            register(self._guarded(handler))
            return handler

        return guard

    def _guarded(self, handler: FormHandler) -> FormHandler:
        async def guarded(visit: Visit, typed: dict[str, str]) -> web.Response:
            self.area.check(visit)
            try:
                return await handler(visit, typed)
            except Forbidden:
                raise NotFound() from None

        return guarded
