"""What programs read: ``bms check``, ``doctor`` and ``migrate --status`` as JSON."""

import json

from tests.cli.running import KEY, Run
from tests.kit.steps import IDS
from tests.kit.tsql import Sql


def test_check_status_and_doctor_speak_json(bms: Run) -> None:
    pending = json.loads(bms("migrate", "--status", "--json").stdout)
    assert pending == [{"name": name, "applied": False} for name in IDS]
    assert bms("migrate", "--json").stderr == "bms: --json goes with --status\n"
    early = bms("doctor", "--json")
    report = json.loads(early.stdout)
    assert (early.returncode, report["problems"]) == (1, 1)
    (problem,) = [one for one in report["findings"] if one["level"] == "problem"]
    assert problem["of"] == "The database"
    assert problem["text"].endswith(f"migrations are not applied: {', '.join(IDS)}")
    assert problem["fix"] == "bms migrate"
    bms("migrate")
    bms("seed")
    checked = bms("check", "--json")
    found = json.loads(checked.stdout)
    assert (checked.returncode, found["holds"]) == (0, True)
    assert len(found["rules"]) > 10
    assert all(rule["holds"] and rule["rows"] == [] for rule in found["rules"])
    wrong = bms("doctor", "--json", BMS_PORT="many")
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout)["findings"][0]["text"].startswith("BMS_PORT: ")


def test_json_says_which_rows_break_a_rule(bms: Run, empty_database_url: str) -> None:
    own = {"BMS_DATABASE_URL": empty_database_url, "BMS_SECRET_KEY": KEY, "BMS_GATEWAY": "simulated"}
    bms("migrate", **own)
    bms("seed", **own)
    sql = Sql(empty_database_url)
    sql("UPDATE ticket_types SET available = available - 1 WHERE id = 1")
    sql.close()
    checked = bms("check", "--json", **own)
    (broken,) = [rule for rule in json.loads(checked.stdout)["rules"] if not rule["holds"]]
    assert checked.returncode == 1
    assert broken["rows"][0].startswith("id 1, capacity ")
