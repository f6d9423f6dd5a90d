"""The site that Sphinx makes of docs/: no link is broken, and the service's policy forbids nothing in it."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.kit import guide
from tests.kit.guide import DOCS, ROOT

ELSEWHERE = ("http://", "https://", "mailto:")
OF_THE_SERVICE = ("/", "/docs", "/problems")


class Page(HTMLParser):
    """What a page names, and what it must not have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.pictures: list[str] = []
        self.headings = 0
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if "id" in known:
            self.ids.add(known["id"])
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        if tag in ("script", "img", "link") and ("src" in known or "href" in known):
            self.loads.append(known.get("src") or known["href"])
        if tag == "img":
            self.pictures.append(known.get("alt", ""))
        self.headings += tag == "h1"
        self._script = tag in ("script", "style") and "src" not in known
        self.inline += [f"{tag} {name}" for name in known if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._script = False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("guide") / "site"
    assert guide.build(directory) == ""
    return directory


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    found = {
        p.relative_to(site).as_posix(): Page(p.read_text(encoding="utf-8")) for p in site.rglob("*.html")
    }
    assert len(found) > 80
    return found


def test_every_page_of_docs_is_there(site: Path) -> None:
    for source in DOCS.rglob("*.md"):
        assert (site / source.relative_to(DOCS).with_suffix(".html")).is_file(), source


def test_no_link_is_broken(site: Path, pages: dict[str, Page]) -> None:
    broken = []
    for name, page in pages.items():
        for link in [*page.links, *page.loads]:
            if link.startswith(ELSEWHERE) or link in OF_THE_SERVICE:
                continue
            target = urlsplit(link)
            path = Path(name).parent / unquote(target.path) if target.path else Path(name)
            there = (site / path).resolve()
            key = there.relative_to(site.resolve()).as_posix()
            has_anchor = not target.fragment or key not in pages or target.fragment in pages[key].ids
            if not (there.is_file() and has_anchor):
                broken.append((name, link))
    assert broken == []


def test_nothing_is_inline_or_of_another_host(pages: dict[str, Page]) -> None:
    assert {name: page.inline for name, page in pages.items() if page.inline} == {}
    assert [load for page in pages.values() for load in page.loads if urlsplit(load).netloc] == []


def test_each_page_has_one_heading_and_words_for_its_pictures(pages: dict[str, Page]) -> None:
    assert {name for name, page in pages.items() if page.headings != 1} == set()
    assert {name for name, page in pages.items() if not all(page.pictures)} == set()


def test_inline_code_is_found() -> None:
    """The twin."""
    assert Page('<p style="color: red">x</p>').inline == ["p style"]
    assert Page("<script>alert(1)</script>").inline == ["alert(1)"]


def test_a_broken_link_stops_the_build(tmp_path: Path) -> None:
    """The twin, on a small copy."""
    source = tmp_path / "docs"
    source.mkdir()
    text = (
        (DOCS / "conf.py")
        .read_text(encoding="utf-8")
        .replace('HERE.parent / "bms"', f'Path("{ROOT}") / "bms"')
    )
    (source / "conf.py").write_text(text, encoding="utf-8")
    shutil.copytree(DOCS / "_theme", source / "_theme")
    (source / "index.md").write_text(
        "# Guide\n\n[nowhere](nowhere.md) and [no heading](#nothing)\n", encoding="utf-8"
    )
    said = guide.build(tmp_path / "site", source)
    assert "nowhere.md" in said
    assert "nothing" in said


def test_the_image_has_what_the_pages_lead_to() -> None:
    """The wheel is built in it, and a file that is missing there is a broken link."""
    copied = re.findall(
        r"^COPY (?!--from=)(.*) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M
    )
    there = [(ROOT / name).resolve() for line in copied for name in line.split()]
    included = [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "deploy/README.md")]
    for page in [*DOCS.rglob("*.md"), *included, ROOT / "deploy" / "systemd" / "README.md"]:
        for link in re.findall(r"\]\((?!http|#|/|mailto)([^)#\s]+)", page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            assert any(target.is_relative_to(place) for place in there), f"{page}: {link}"
