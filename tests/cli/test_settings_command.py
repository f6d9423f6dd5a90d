"""``bms settings``: every setting, its value without secrets, and where it stands."""

import json
import sys
from pathlib import Path

from bms.settings import Settings
from tests.kit.programs import run

BMS = [sys.executable, "-m", "bms.cli"]


def test_every_setting_with_its_value_and_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40)
    (tmp_path / ".env").write_text("BMS_HOLD_SECONDS=60\nBMS_WORKERS=3\nBMS_RATE_DEAR_PER_USER=off\n")
    given = {
        "BMS_DATABASE_URL": "postgresql://ann:hunter2@db.example.com:5432/tickets?sslrootcert=/hunter2",
        "BMS_SECRET_KEY_FILE": str(tmp_path / "key"),
        "BMS_SMTP_URL": "smtps://u:hunter2@mail.example.com",
        "BMS_METRICS_TOKEN": "hunter2hunter2hunter2",
        "BMS_WORKERS": "2",
        "BMS_CORS_ORIGINS": "https://b.example https://a.example",
    }
    printed = run([*BMS, "settings", "--json"], tmp_path, **given)
    assert printed.returncode == 0, printed.stderr
    assert "hunter2" not in printed.stdout
    assert "kkk" not in printed.stdout
    lines = {line["name"]: (line["value"], line["set"], line["from"]) for line in json.loads(printed.stdout)}
    assert set(lines) == {f"BMS_{name.upper()}" for name in Settings.__dataclass_fields__}
    for name, expected in {
        "HOLD_SECONDS": ("60", True, ".env"),
        "WORKERS": ("2", True, "the environment"),
        "SECRET_KEY": (None, True, "the file that BMS_SECRET_KEY_FILE names"),
        "GATEWAY_SECRET": (None, False, "default"),
        "METRICS_TOKEN": (None, True, "the environment"),
        "DATABASE_URL": ("postgresql://db.example.com:5432/tickets", True, "the environment"),
        "SMTP_URL": ("smtps://mail.example.com", True, "the environment"),
        "REDIS_URL": (None, False, "default"),
        "DEMO_DATA": ("off", True, "default"),
        "RATE_DEAR_PER_USER": ("off", True, ".env"),
        "RATE_DEAR_PER_ADDRESS": ("300,1", True, "default"),
        "CORS_ORIGINS": ("https://a.example, https://b.example", True, "the environment"),
        "PUBLIC_URL": (None, False, "default"),
    }.items():
        assert lines[f"BMS_{name}"] == expected
    text = run([*BMS, "settings"], tmp_path, **given).stdout
    assert "hunter2" not in text
    assert [line.split()[0] for line in text.splitlines()] == list(lines)
    assert {"BMS_SECRET_KEY", "(set)", "BMS_SECRET_KEY_FILE"} <= set(text.split())
    assert [path.name for path in tmp_path.iterdir() if path.name == "var"] == [], "it makes nothing"


def test_it_shows_what_a_variable_would_have_to_say(tmp_path: Path) -> None:
    """The values of one service are settings for another."""
    listed = json.loads(run([*BMS, "settings", "--json"], tmp_path).stdout)
    again = {line["name"]: line["value"] for line in listed if line["value"] is not None}
    second = json.loads(run([*BMS, "settings", "--json"], tmp_path, **again).stdout)
    assert {line["name"]: line["value"] for line in second} == {
        line["name"]: line["value"] for line in listed
    }
    assert {line["from"] for line in second if line["name"] in again} == {"the environment"}


def test_everything_unknown_is_named_at_once_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BMS_PROT=80\n")
    refused = run([*BMS, "settings"], tmp_path, BMS_WORKER="2")
    assert (refused.returncode, refused.stderr) == (
        2,
        "bms: There is no setting BMS_PROT in .env (did you mean BMS_PORT?), "
        "nor BMS_WORKER in the environment (did you mean BMS_WORKERS?)\n",
    )
