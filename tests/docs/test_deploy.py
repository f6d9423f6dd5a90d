"""deploy/ and the Dockerfile, held against the service: names, settings and files that are really there.

Nothing is started here: that takes Docker, and the CI has a job for it.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from bms import settings as settings_module
from bms.errors import ConfigurationError
from bms.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILE, POSTGRESQL = DEPLOY / "compose.yaml", DEPLOY / "compose.postgresql.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (DEPLOY / ".env.example").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

OF_BMS = ("migrate", "app", "worker")
ONCE = ("database", "migrate", "certificate")
PROFILES = {
    "core": {"db", "database", "migrate", "app", "worker", "certificate", "nginx", "mailpit"},
    "cache": {"redis"},
    "broker": {"rabbitmq"},
    "watch": {"prometheus", "loki", "alloy", "grafana"},
}

_VARIABLE = re.compile(r"\$(?P<literal>\$)|\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
# What a person fills in.
FILLED = {
    "ACCEPT_EULA": "Y",
    "BMS_GATEWAY": "simulated",
    "BMS_PUBLIC_URL": "https://tickets.example.org",
}


class _Override(yaml.SafeLoader):
    """Reads Compose's !override, which replaces instead of adding."""


def _replaced(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    assert isinstance(node, yaml.SequenceNode)
    return loader.construct_sequence(node, deep=True)


_Override.add_constructor("!override", _replaced)
ON_POSTGRESQL: dict[str, Any] = yaml.load(POSTGRESQL.read_text(encoding="utf-8"), _Override)


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


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The secrets as the script writes them."""
    shutil.copy(DEPLOY / "secrets", tmp_path)
    subprocess.run([tmp_path / "secrets"], check=True)
    return tmp_path / "secrets.d"


def environment_of(service: str, secrets: Path) -> dict[str, str]:
    return {
        name: interpolated(value, FILLED).replace("/run/secrets", str(secrets))
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


def load(service: str, secrets: Path) -> Settings:
    data = {"BMS_DATA_DIR": str(secrets.parent / "data")}
    return settings_module.load(environment_of(service, secrets) | data, secrets / "no .env")


def judge(file: Path, right: str = "", wrong: str = "") -> None:
    """Have the specification's types read a file, in which ``right`` is replaced. Raises ValueError."""
    text = file.read_text(encoding="utf-8")
    assert right in text
    read = yaml.load(text.replace(right, wrong) if right else text, _Override)
    compose_spec.PyCompose.from_json(interpolated(json.dumps(read), FILLED))


def test_it_is_of_the_form_of_the_specification() -> None:
    """These types know every name, and what may stand there."""
    for file in (FILE, POSTGRESQL):
        judge(file)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("stop_grace_period: 1m", "stop_grace_period: soon"),
        ("condition: service_healthy", "condition: service_well"),
        ("mem_limit: 3g", "mem_limit: [3]"),
        ("hostname: db", "hostnam: db"),
    ],
)
def test_a_wrong_word_is_found(right: str, wrong: str) -> None:
    """The twin."""
    with pytest.raises(ValueError, match=r"soon|service_well|invalid type|hostnam"):
        judge(FILE, right, wrong)


@pytest.mark.parametrize("service", OF_BMS)
def test_the_settings_of_each_service_are_settings(service: str, secrets: Path) -> None:
    # YAML reads a bare off as a boolean, which Compose refuses or turns into "false".
    assert all(isinstance(value, str) for value in SERVICES[service]["environment"].values())
    settings = load(service, secrets)
    assert not settings.embedded
    assert settings.smtp_url == "smtp://mailpit:1025"
    assert settings.log_format == "json"
    account = "bms_schema" if service == "migrate" else "bms_app"
    assert settings.database_url is not None
    assert re.match(rf"mssql://{account}:Bms1-[\w-]+@db:1433/bms\?", settings.database_url)


def test_an_unknown_setting_would_be_noticed(monkeypatch: pytest.MonkeyPatch, secrets: Path) -> None:
    monkeypatch.setitem(SERVICES["app"]["environment"], "BMS_WORKER", "2")
    with pytest.raises(ConfigurationError, match="BMS_WORKER"):
        load("app", secrets)


def test_background_tasks_run_in_the_worker_alone(secrets: Path) -> None:
    assert not load("app", secrets).background_tasks
    assert SERVICES["worker"]["command"] == ["bms", "worker"]


def test_secrets_are_files_that_the_script_writes_and_keeps(secrets: Path) -> None:
    """No password stands in an environment, and each service is given what it reads and no more."""
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    subprocess.run([secrets.parent / "secrets"], check=True)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert json.loads(before["rabbitmq_definitions"])["users"][0]["password"] == before["rabbitmq_password"]
    files = {**COMPOSE["secrets"], "1": ON_POSTGRESQL["secrets"]["app_database_url"]}
    assert {Path(one["file"]).name for one in files.values()} <= before.keys()
    assert all(one["file"].startswith("./secrets.d/") for one in files.values())
    for name, service in SERVICES.items():
        given = {one["source"] if isinstance(one, dict) else one for one in service.get("secrets", [])}
        assert given <= COMPOSE["secrets"].keys(), name
        if name not in ("rabbitmq", "prometheus"):  # their files name the secret
            text = yaml.safe_dump({key: service[key] for key in service if key != "secrets"})
            named = set(re.findall(r"/run/secrets/(\w+)", text))
            if name in ("app", "worker"):
                named.add("amqp_url")  # .env names the file, where there is a broker
            assert named == given, name
        assert not re.search(r"password['\"]?: [^/]*$", str(service.get("environment", "")), re.IGNORECASE)


def test_the_example_names_every_variable_with_its_default() -> None:
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    of_compose = {"COMPOSE_PROFILES", "COMPOSE_FILE"}
    assert named.keys() - of_compose == used(COMPOSE) | used(ON_POSTGRESQL)
    assert named["COMPOSE_FILE"].split(":") == [FILE.name, POSTGRESQL.name]
    for match in _VARIABLE.finditer(FILE.read_text(encoding="utf-8")):
        if match["name"]:
            assert named[match["name"]] == (match["rest"] if match["kind"] == "-" else ""), match[0]
    assert {name for name in named if re.search(rf"^{name}=$", EXAMPLE, re.MULTILINE)} == FILLED.keys()


def test_each_profile_has_its_services() -> None:
    assert {
        profile: {name for name in SERVICES if profile in SERVICES[name]["profiles"]} for profile in PROFILES
    } == PROFILES
    assert sum(map(len, PROFILES.values())) == len(SERVICES)
    for name, service in SERVICES.items():
        needed = set(service.get("depends_on", {}))
        assert needed <= PROFILES[service["profiles"][0]], name


def test_nothing_starts_before_what_it_needs() -> None:
    chain = {"database": "db", "migrate": "database", "app": "migrate", "worker": "migrate", "nginx": "app"}
    for service, needed in chain.items():
        condition = SERVICES[service]["depends_on"][needed]["condition"]
        assert condition == ("service_completed_successfully" if needed in ONCE else "service_healthy")
    lasting = SERVICES.keys() - set(ONCE)
    assert {name for name in SERVICES if SERVICES[name]["restart"] == "unless-stopped"} == lasting
    # The worker has no port. Loki's and alloy's images have no program to ask with.
    assert {name for name in lasting if "healthcheck" not in SERVICES[name]} == {"worker", "loki", "alloy"}


def test_nobody_but_this_machine_gets_in_and_everything_has_an_end() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"nginx", "mailpit", "grafana"}
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)
    for name, service in SERVICES.items():
        assert {"max-size", "max-file"} <= set(service["logging"]["options"]), name
        assert {"mem_limit", "pids_limit"} <= service.keys(), name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_networks_are_apart() -> None:
    on = {
        network: {name for name in SERVICES if network in SERVICES[name].get("networks", [])}
        for network in COMPOSE["networks"]
    }
    assert [name for name, network in COMPOSE["networks"].items() if not network.get("internal")] == [
        "outside"
    ]
    assert on["front"] == {"nginx", "app"}
    assert on["figures"] == {"app", "prometheus", "rabbitmq"}
    assert on["outside"] == {"nginx", "worker", "mailpit", "grafana"}
    assert not on["data"] & (PROFILES["watch"] | {"nginx"})
    aliases = SERVICES["app"]["networks"]["front"]["aliases"]
    assert sorted(aliases) == sorted(
        ["bookings", "events", "notifications", "payments", "reviews", "site", "users"]
    )


def test_prometheus_asks_where_the_figures_are(secrets: Path) -> None:
    job = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"][0]
    assert job["static_configs"][0]["targets"] == [f"app:{load('app', secrets).metrics_port}"]
    assert Path(job["authorization"]["credentials_file"]).name in SERVICES["prometheus"]["secrets"]


def test_volumes_and_files_that_are_mounted_are_there() -> None:
    mounts = [
        mount.split(":")[0]
        for service in [*SERVICES.values(), *ON_POSTGRESQL["services"].values()]
        for mount in service.get("volumes", [])
    ]
    named = {mount for mount in mounts if not mount.startswith((".", "/"))}
    assert named == COMPOSE["volumes"].keys() | ON_POSTGRESQL["volumes"].keys()
    ours = {mount for mount in mounts if mount.startswith(".")} - {"./nginx"}
    assert all((DEPLOY / mount).is_dir() for mount in ours)
    mentioned = set(re.findall(r"/sql/([\w.]+\.sql)", (DEPLOY / "README.md").read_text(encoding="utf-8")))
    mentioned |= {Path(SERVICES["database"]["command"][0]).name}
    mentioned |= {Path(ON_POSTGRESQL["services"]["database"]["command"][0]).name}
    assert mentioned == {path.name for path in (DEPLOY / "sql").iterdir()}
    assert "/var/lib/bms" in DOCKERFILE
    assert all("bms-data:/var/lib/bms" in SERVICES[name]["volumes"] for name in OF_BMS)


def test_the_accounts_and_passwords_of_the_set_up_are_those_of_the_services() -> None:
    text = (DEPLOY / "sql" / "setup.sql").read_text(encoding="utf-8")
    handed = set(re.findall(r"\b([A-Z]+_PASSWORD)=", SERVICES["database"]["entrypoint"][2]))
    assert set(re.findall(r"\$\((\w*)\)", text)) == handed
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
