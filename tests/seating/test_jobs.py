"""From a request to a published version and its chart, in another process."""

import gzip
import hashlib

import orjson
import pytest

from bms.seating import jobs
from bms.seating.demo import theatre
from bms.seating.faults import PlanRefused
from bms.seating.forms import Form
from bms.seating.generator import Section
from bms.worker import Worker
from tests.seating.plans import PRETIX, hall


async def test_a_plan_goes_all_the_way_in_another_process() -> None:
    worker = Worker()
    try:
        body = orjson.dumps({"name": "Theatre", "venue": 7, "layout": theatre()})
        draft = await worker.run(jobs.read_draft, body)
        assert (draft.seats, draft.faults) == (1200, [])
        assert draft.fields == {"name": "Theatre", "venue": 7}
        version = await worker.run(jobs.publish_draft, draft.layout, None)
        assert (version.seats, version.next_no) == (1200, 1200)
        assert version.categories == {"Stalls": 704, "Circle": 432, "Boxes": 64, "Standing": 80}
        assert version.sha256 == hashlib.sha256(gzip.decompress(version.layout)).hexdigest()
        chart = await worker.run(jobs.chart_of, version.layout)
        assert chart.count == 1200
        outline = orjson.loads(await worker.run(jobs.outline_of, version.layout))
        assert len(outline["sections"]) == 10
        section = await worker.run(jobs.section_in, version.layout, "Box 3")
        assert section is not None
        assert [zone["name"] for zone in orjson.loads(section)["zones"]] == ["Box 3"]
        assert await worker.run(jobs.section_in, version.layout, "Box 33") is None
        csv = await worker.run(jobs.export_version, Form.CSV, version.layout)
        assert csv.count(b"\r\n") == 1201
        again = await worker.run(jobs.import_draft, Form.CSV, csv)
        assert (again.seats, again.faults) == (1200, [])
    finally:
        worker.close()


def test_the_same_plan_is_the_same_bytes_and_the_next_version_keeps_its_numbers() -> None:
    first = jobs.publish_draft(orjson.dumps(hall()), None)
    assert jobs.publish_draft(orjson.dumps(hall()), None) == first
    smaller = jobs.publish_draft(orjson.dumps(hall(rows=2)), first.layout)
    assert (smaller.seats, smaller.next_no) == (20, 30)
    assert jobs.chart_of(smaller.layout).next_no == 30
    assert jobs.publish_draft(orjson.dumps(hall()), smaller.layout).layout == first.layout


def test_a_layout_without_a_format_is_pretixs() -> None:
    draft = jobs.read_draft(orjson.dumps({"layout": PRETIX}))
    assert draft.faults == []
    assert orjson.loads(draft.layout)["format"] == "bms-plan/1"


def test_numbers_that_are_sent_count_for_nothing() -> None:
    published = orjson.loads(gzip.decompress(jobs.publish_draft(orjson.dumps(hall()), None).layout))
    draft = jobs.read_draft(orjson.dumps({"layout": published}))
    assert orjson.loads(draft.layout) == hall()


@pytest.mark.parametrize("body", [b"", b"3", b"{}", b'{"layout": ', b'{"name": "x"}', b"[" * 2000])
def test_a_request_without_a_layout_is_refused(body: bytes) -> None:
    with pytest.raises(PlanRefused):
        jobs.read_draft(body)


@pytest.mark.parametrize("layout", [None, 3, [], {}, {"zones": 3}, hall(colour="red")])
def test_a_draft_may_have_faults_and_is_not_published(layout: object) -> None:
    draft = jobs.read_draft(orjson.dumps({"layout": layout}))
    assert draft.faults
    with pytest.raises(PlanRefused) as caught:
        jobs.publish_draft(draft.layout, None)
    assert caught.value.faults == draft.faults


def test_what_is_generated_is_checked_too() -> None:
    assert jobs.generate_draft([Section("Stalls", "A", 2, 3)], "Hall").faults == []
    faults = jobs.generate_draft([Section("Stalls ", "A", 1, 1)], "Hall").faults
    assert {fault.pointer for fault in faults} == {"/zones/1/name"}
