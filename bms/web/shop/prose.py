"""Descriptions: Markdown of organisers as HTML. Nothing of theirs is HTML, and no link of theirs is ours."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup

SCHEMES = ("http", "https", "mailto")
NESTING = 20
REL = "nofollow ugc noopener"


def _validate(url: str) -> bool:
    try:
        return urlsplit(url.strip()).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _open_link(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("rel", REL)
    return str(self.renderToken(tokens, index, options, env))


def _heading(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    # The page has one heading of the first rank, the event's title.
    level = min(int(tokens[index].tag[1:]) + 1, 6)
    tokens[index].tag = f"h{max(level, 3)}"
    return str(self.renderToken(tokens, index, options, env))


@lru_cache(1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": NESTING, "breaks": True})
    markdown.disable(["image", "html_block", "html_inline"])
    markdown.validateLink = _validate  # type: ignore[method-assign]
    markdown.add_render_rule("link_open", _open_link)
    markdown.add_render_rule("heading_open", _heading)
    markdown.add_render_rule("heading_close", _heading)
    return markdown


def to_html(text: str) -> Markup:
    """Return Markdown as HTML without images, whose links are http, https and mailto alone."""
    return Markup(_markdown().render(text))  # noqa: S704 - no HTML of the text passes the renderer


def to_line(text: str, length: int) -> str:
    """Return the beginning of Markdown as one line of plain text, of at most ``length`` characters."""
    plain = []
    for token in _markdown().parse(text[: 8 * length]):
        for child in token.children or ():
            if child.type in ("text", "code_inline"):
                plain.append(child.content)
            elif child.type in ("softbreak", "hardbreak"):
                plain.append(" ")
        if token.type == "inline":
            plain.append(" ")
    line = " ".join("".join(plain).split())
    return line if len(line) <= length else f"{line[: length - 1].rsplit(' ', 1)[0]}…"
