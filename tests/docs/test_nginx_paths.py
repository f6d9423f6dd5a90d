"""deploy/nginx/services.conf leads each path of BMS to the service that has it.

It is read here as nginx reads it. ``tests/services/test_nginx.py`` asks nginx itself, where there is one.
"""

import re
from pathlib import Path

import pytest

from bms.app import PAGES, ROUTES
from bms.http.call import PREFIXES
from bms.i18n.languages import Languages
from bms.terms import Service
from bms.web.kit.refusals import sorry
from bms.web.site import PAGES as SITE

NGINX = Path(__file__).parents[2] / "deploy" / "nginx"
RULES = [
    (re.compile(pattern), Service(service))
    for pattern, service in re.findall(r"^    ~(\S+) (\w+);$", (NGINX / "services.conf").read_text(), re.M)
]
API = [
    (prefix + re.sub(r"\{[^}]*\}", "1", endpoint.path) + slash, module.routes.service)
    for module in (*ROUTES, *PAGES)
    for endpoint in module.routes.endpoints
    for prefix in PREFIXES
    for slash in ("", "/")
    if module.routes.service is not None
]
PEOPLES = [(re.sub(r"\{[^}]*\}", "1", route.path), Service.SITE) for pages in SITE for route in pages.routes]


@pytest.mark.parametrize(("path", "service"), sorted({*API, *PEOPLES}))
def test_each_path_leads_to_its_service(path: str, service: Service) -> None:
    found = next((service for pattern, service in RULES if pattern.search(path)), Service.SITE)
    assert found is service, f"{path} is of {service}: deploy/nginx/services.conf sends it to {found}"


def test_every_line_is_needed() -> None:
    for place, (pattern, _) in enumerate(RULES):
        others = [rule for rule in RULES if rule[0] is not pattern]
        paths = [(path, service) for path, service in API if pattern.search(path)]
        assert paths, RULES[place]
        astray = [
            path
            for path, service in paths
            if next((s for p, s in others if p.search(path)), Service.SITE) is not service
        ]
        assert astray, f"{pattern.pattern} changes nothing"


def test_there_is_a_place_for_each_service() -> None:
    text = (NGINX / "upstreams.conf").read_text()
    upstreams = re.findall(r"^upstream (\w+) \{ server (\w+):8080;", text, re.M)
    assert upstreams == [(service, service) for service in Service]
    asked = re.search(r"<asked>([\w|]+)\)", (NGINX / "nginx.conf").read_text())
    assert asked is not None
    assert asked[1].split("|") == list(Service)


@pytest.mark.parametrize("status", [429, 503])
def test_its_own_pages_say_what_the_site_says(status: int) -> None:
    page = (NGINX / "errors" / f"{status}.html").read_text(encoding="utf-8")
    for language in Languages("en"):
        for text in (*sorry(status), "Try again"):
            assert f">{language.gettext(text)}<" in page
        assert f'lang="{language.tag}"' in page
