"""The walk, the tables and the picture of docs/, and .env.example, held against the service."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from bms import settings as settings_module
from bms.app import ROUTES
from bms.http.call import Access
from bms.settings import Settings
from bms.sql.catalogue import all_statements
from bms.sql.embedded.server import EmbeddedServer
from bms.terms import RIGHTS, Right, Role, Service
from tests.kit.programs import serving

ROOT = Path(__file__).parents[2]
START, ENDPOINTS, SETTINGS, ARCHITECTURE = (
    (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("start", "endpoints", "settings", "architecture")
)
DOCUMENTED_BASE = "http://127.0.0.1:8080"
SEPARATOR = "-- end of a step --"

# What differs from run to run, in both the text and the answer.
VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"), "TIME"),
    (re.compile(r"\b[A-Z][a-z]+day \d+ [A-Z][a-z]+ \d{4}\b"), "DAY"),
    (re.compile(r"/b/[\w-]{43}(?![\w-])"), "/b/LINK"),
    (re.compile(r"\b[0-9A-F]{26}\b"), "TICKET"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{10}\b"), "REFERENCE"),
)


def section(page: str, title: str) -> str:
    """Return what stands under a heading of a page, up to the next one."""
    _, _, rest = page.partition(f"\n## {title}\n")
    assert rest, f"there is no heading {title}"
    return rest.split("\n## ", 1)[0]


def steps() -> list[tuple[str, str]]:
    """Return the walk's fenced commands, each with the output printed below it (none: empty)."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", section(START, "A walk"), re.MULTILINE | re.DOTALL)
    walk: list[tuple[str, str]] = []
    for language, text in blocks:
        if language == "bash":
            walk.append((text, ""))
        else:
            walk[-1] = (walk[-1][0], text)
    return walk


def settled(text: str) -> str:
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return text.strip()


@pytest.fixture
def base(tmp_path: Path) -> Iterator[str]:
    """The address of ``bms serve`` run as a newcomer runs it: embedded, demo data, mail to files."""
    command = [sys.executable, "-m", "bms.cli", "serve"]
    settings = {"BMS_DATA_DIR": "var", "BMS_BCRYPT_ROUNDS": "4"}
    with serving(command, tmp_path, signal.SIGINT, **settings) as address:
        yield address
    assert list(EmbeddedServer(tmp_path / "var" / "postgres").socket_directory.glob(".s.*")) == []


@pytest.mark.embedded_only("a newcomer's first start is on the embedded server")
def test_the_walk_prints_what_the_page_prints(base: str, tmp_path: Path) -> None:
    walk = steps()
    assert len(walk) >= 8
    assert sum(DOCUMENTED_BASE in commands for commands, _ in walk) == 1
    script = "".join(f"{commands}\necho '{SEPARATOR}'\n" for commands, _ in walk)
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=script.replace(DOCUMENTED_BASE, base),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    printed = done.stdout.split(f"{SEPARATOR}\n")
    assert [settled(text.replace(base, DOCUMENTED_BASE)) for text in printed] == [
        settled(text) for _, text in walk
    ] + [""]
    # Line by line as a person pastes it: one line of the walk is one command, save in the function.
    assert all("curl" not in commands or "\\\n" not in commands for commands, _ in walk)


def test_the_walk_ends_in_tickets() -> None:
    documented = steps()
    assert documented[-1][1].count("Stalls") == 3
    assert settled(documented[-1][1]).count("TICKET") == 2
    assert "CONFIRMED" in documented[-2][1]


def table(page: str) -> dict[str, str]:
    """Return the first two columns of a page's table."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \|", page, re.MULTILINE)
    return {first.strip("`"): second for first, second in rows if first not in ("variable", "who")}


def plain_default(name: str) -> str:
    """Return a setting's default as the page and .env.example write it; empty for unset."""
    value = next(f.default for f in fields(Settings) if f.name == name)
    if isinstance(value, bool):
        return "on" if value else "off"
    if name == "services":
        return ",".join(Service)
    return str(value or 0) if isinstance(value, int) else str(value or "")


def test_the_table_of_settings_is_that_of_the_code() -> None:
    documented = table(SETTINGS)
    assert list(documented) == [f"BMS_{f.name.upper()}" for f in fields(Settings)]
    in_words = {
        "BMS_SERVICES": "all",
        "BMS_DATABASE_URL": "unset: embedded",
        "BMS_DATABASE_READ_URL": "unset",
        "BMS_REDIS_URL": "unset",
        "BMS_AMQP_URL": "unset",
        "BMS_CORS_ORIGINS": "unset",
        "BMS_METRICS_TOKEN": "unset",
        "BMS_METRICS_PORT": "unset",
        "BMS_SECRET_KEY": "generated and stored when embedded",
        "BMS_PUBLIC_URL": "`http://HOST:PORT` when embedded, else none chosen",
        "BMS_GATEWAY": "`simulated` when embedded, else none chosen",
        "BMS_GATEWAY_SECRET": "generated and stored when embedded, else unset",
        "BMS_SMTP_URL": "unset: files in `mail/` of the data directory",
        "BMS_REFUSE_COMMON_PASSWORDS": "`off` when embedded, else `on`",
        "BMS_REQUIRE_SECOND_FACTOR": "unset",
        "BMS_OPEN_MANAGER_REGISTRATION": "`on` when embedded, else `off`",
        "BMS_DEMO_DATA": "`on` when embedded, else `off`",
    }
    for variable, default in documented.items():
        plain = plain_default(variable.removeprefix("BMS_").lower())
        assert default == in_words.get(variable, f"`{plain}`"), variable


def test_what_depends_on_the_database_does(tmp_path: Path) -> None:
    nowhere = tmp_path / "none"
    embedded = settings_module.load({"BMS_DATA_DIR": str(tmp_path)}, nowhere)
    assert (embedded.open_manager_registration, embedded.demo_data) == (True, True)
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    own = {"BMS_DATABASE_URL": "postgresql://host/name", "BMS_SECRET_KEY": "x" * 32}
    other = settings_module.load(own, nowhere)
    assert (other.open_manager_registration, other.demo_data) == (False, False)


def test_the_example_file_names_every_setting_with_its_default(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = re.findall(r"^#(BMS_\w+)=(.*)$", text, re.MULTILINE)
    assert [name for name, _ in lines] == [f"BMS_{f.name.upper()}" for f in fields(Settings)]
    for name, default in lines:
        assert default == plain_default(name.removeprefix("BMS_").lower()), name
    taken = tmp_path / ".env"
    taken.write_text(re.sub(r"^#(?=BMS_)", "", text, flags=re.MULTILINE), encoding="utf-8")
    read = settings_module.load({"BMS_DATA_DIR": str(tmp_path)}, taken)
    assert read == settings_module.load({"BMS_DATA_DIR": str(tmp_path)}, tmp_path / "none")


def test_the_table_of_endpoints_is_that_of_the_routes() -> None:
    who_of: dict[Access | Right, str] = {Access.USER: "users", Access.SIGNED: "the payment gateway"}
    who_of[Access.OPERATOR] = "operators, from this machine or with their token"
    who_of |= dict.fromkeys(Right, "admins") | dict.fromkeys(RIGHTS[Role.EVENT_MANAGER], "organisers")
    documented = {
        (method, path, who) for who, calls in table(ENDPOINTS).items() for method, path in _calls(calls)
    }
    offered = [e for module in ROUTES for e in module.routes.endpoints]
    assert documented == {
        (e.method, e.path, who_of.get(e.access, "anyone")) for e in offered if not e.deprecated
    }
    older = section(ENDPOINTS, "Older names")
    named = {path.rstrip("/") for path in re.findall(r"`(/[^`\s]+)`", older)} - {"/venues"}
    assert len(named) >= 8
    assert named <= {e.path for e in offered if e.deprecated}


def _calls(cell: str) -> Iterator[tuple[str, str]]:
    """Yield each method and path of text like "`GET` `PUT /a`; `POST /b` `/c`": a path keeps the methods."""
    methods: list[str] = []
    ended = True
    for word in re.findall(r"[A-Z]+|/[^\s`]+", " ".join(re.findall(r"`([^`]*)`", cell))):
        if word.startswith("/"):
            ended = True
            for method in methods:
                yield method, word
        else:
            methods = [word] if ended else [*methods, word]
            ended = False


def test_the_picture_names_statements_and_files_that_exist() -> None:
    picture = section(ARCHITECTURE, "One request, followed through the code")
    names = {statement.name for statement in all_statements()}
    tables = {name.split(".")[0] for name in names}
    drawn = {
        name for name in re.findall(r"\b([a-z_]+\.(?!py)[a-z_]+)\b", picture) if name.split(".")[0] in tables
    }
    assert len(drawn) >= 8
    assert drawn <= names
    files = re.findall(r"bms/[a-z_/]+\.py", picture)
    assert files
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_links_lead_somewhere() -> None:
    """The pages of docs/ are held by the build of the guide."""
    for document in (
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "deploy/README.md",
        "deploy/systemd/README.md",
    ):
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / document).read_text(encoding="utf-8")):
            assert (ROOT / document).parent.joinpath(link).exists(), f"{document}: {link}"


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda p: p.name
)
def test_no_document_has_the_marks_of_a_conflict(path: Path) -> None:
    assert re.findall(r"^(?:<<<<<<<|>>>>>>>) .*", path.read_text(encoding="utf-8"), re.MULTILINE) == []
