"""deploy/ and the Dockerfile, held against the service: names, settings and files that are really there.

Nothing is started here: that takes Docker, and the CI has a job for it.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bms import settings as settings_module
from bms.errors import ConfigurationError
from bms.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / "deploy" / ".env.example").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

OF_BMS = ("migrate", "app", "worker")
LASTING = ("mssql", "app", "worker", "mailpit")

_VARIABLE = re.compile(r"\$(?P<literal>\$)|\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
# What a person fills in: passwords as .env.example says that they are to be.
FILLED = {
    "ACCEPT_EULA": "Y",
    "MSSQL_SA_PASSWORD": "Bms1-a_password-of-sa",
    "SCHEMA_PASSWORD": "Bms1-a_password-of-schema",
    "APP_PASSWORD": "Bms1-a_password-of-app",
    "BMS_SECRET_KEY": "Bms1-" + "x" * 32,
    "BMS_GATEWAY": "simulated",
}


def interpolated(text: str, environment: dict[str, str]) -> str:
    """Return ``text`` as Compose reads it. Raises KeyError for a variable that must be set and is not."""

    def value(match: re.Match[str]) -> str:
        if match["literal"]:
            return "$"
        if found := environment.get(match["name"]):
            return found
        if match["kind"] != "-":
            raise KeyError(match["name"])
        return str(match["rest"])

    return _VARIABLE.sub(value, text)


def environment_of(service: str) -> dict[str, str]:
    return {
        name: interpolated(value, FILLED)
        for name, value in SERVICES[service]["environment"].items()
        if isinstance(value, str)
    }


def used(node: Any) -> set[str]:
    """Return the names of all variables in what was read from a YAML file."""
    if isinstance(node, dict):
        return set().union(*(used(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(used(value) for value in node))
    return {m["name"] for m in _VARIABLE.finditer(node) if m["name"]} if isinstance(node, str) else set()


def load(service: str, tmp_path: Path) -> Settings:
    return settings_module.load(
        {**environment_of(service), "BMS_DATA_DIR": str(tmp_path)}, tmp_path / "no .env"
    )


@pytest.mark.parametrize("service", OF_BMS)
def test_the_settings_of_each_service_are_settings(service: str, tmp_path: Path) -> None:
    # YAML reads a bare off as a boolean, which Compose refuses or turns into "false".
    assert all(isinstance(value, str) for value in SERVICES[service]["environment"].values())
    settings = load(service, tmp_path)
    assert not settings.embedded
    assert settings.smtp_url == "smtp://mailpit:1025"
    account = "bms_schema" if service == "migrate" else "bms_app"
    assert settings.database_url is not None
    assert settings.database_url.startswith(
        f"mssql://{account}:Bms1-a_password-of-{account[4:]}@mssql:1433/bms?"
    )


def test_an_unknown_setting_would_be_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(SERVICES["app"]["environment"], "BMS_WORKER", "2")
    with pytest.raises(ConfigurationError, match="BMS_WORKER"):
        load("app", tmp_path)


def test_background_tasks_run_in_the_worker_alone(tmp_path: Path) -> None:
    assert not load("app", tmp_path).background_tasks
    assert SERVICES["worker"]["command"] == ["bms", "worker"]


def test_the_example_names_every_variable_with_its_default() -> None:
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert named.keys() == used(COMPOSE)
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    for match in _VARIABLE.finditer(text):
        if match["name"]:
            assert named[match["name"]] == (match["rest"] if match["kind"] == "-" else ""), match[0]
    assert {name for name in named if re.search(rf"^{name}=$", EXAMPLE, re.MULTILINE)} == FILLED.keys()


def test_nothing_starts_before_what_it_needs() -> None:
    chain = {"database": "mssql", "migrate": "database", "app": "migrate", "worker": "migrate"}
    for service, needed in chain.items():
        condition = SERVICES[service]["depends_on"][needed]["condition"]
        assert condition == ("service_healthy" if needed == "mssql" else "service_completed_successfully")
    assert {name for name in SERVICES if SERVICES[name]["restart"] == "unless-stopped"} == set(LASTING)
    assert {name for name in SERVICES if "healthcheck" in SERVICES[name]} == {"mssql", "app", "mailpit"}


def test_nobody_but_this_machine_gets_in_and_logs_have_an_end() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for name, service in SERVICES.items():
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name
        assert ("mem_limit" in service) == (name in LASTING), name


def test_volumes_and_files_that_are_mounted_are_there() -> None:
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert {mount for mount in mounts if not mount.startswith(".")} == COMPOSE["volumes"].keys()
    assert all((ROOT / "deploy" / mount).is_dir() for mount in mounts if mount.startswith("."))
    mentioned = set(
        re.findall(r"/sql/(\w+\.sql)", (ROOT / "deploy" / "README.md").read_text(encoding="utf-8"))
    )
    mentioned |= {Path(SERVICES["database"]["command"][1]).name}
    assert mentioned == {path.name for path in (ROOT / "deploy" / "sql").iterdir()}
    assert "/var/lib/bms" in DOCKERFILE
    assert all("bms-data:/var/lib/bms" in SERVICES[name]["volumes"] for name in OF_BMS)


def test_the_accounts_and_passwords_of_the_set_up_are_those_of_the_services() -> None:
    text = (ROOT / "deploy" / "sql" / "setup.sql").read_text(encoding="utf-8")
    assert (
        set(re.findall(r"\$\((\w*)\)", text)) | {"SQLCMDPASSWORD"}
        == SERVICES["database"]["environment"].keys()
    )
    # sqlcmd reads $( in comments too.
    assert text.count("$(") == len(re.findall(r"N'\$\(\w+\)'", text))
    assert set(re.findall(r"CREATE USER (\w+)", text)) == {"bms_schema", "bms_app"}
    assert set(re.findall(r"ALTER ROLE (\w+) ADD MEMBER bms_app;", text)) == {
        "db_datareader",
        "db_datawriter",
    }


def test_the_image_gets_what_the_dockerfile_copies() -> None:
    # What comes from another stage of the build is not read from here.
    lines = re.findall(r"^COPY (?!--from=)(.*)$", DOCKERFILE, re.MULTILINE)
    copied = {name for line in lines for name in line.split()[:-1]}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
    # In the exec form, or no signal reaches the process.
    assert re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE) == ['["bms", "serve"]']
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001"]
