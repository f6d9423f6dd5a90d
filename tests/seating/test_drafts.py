"""A drawing with faults: it is shown as far as can be, and its faults lead to seats."""

from typing import Any

import orjson
from hypothesis import given

from bms.seating import jobs
from bms.seating.check import check
from bms.seating.demo import stadium
from bms.seating.differences import compare
from bms.seating.drafts import UNKNOWN, categories_of, drawable, locate
from bms.seating.edits import Do, Edit, apply_edits
from bms.seating.numbering import number_seats
from bms.seating.picture import draw_picture
from bms.seating.sheets import sheets_of
from bms.seating.walk import count_seats, seats_of
from tests.seating.plans import hall
from tests.seating.strategies import DOCUMENTS, layouts


@given(layouts())
def test_a_sound_drawing_is_drawn_whole(layout: dict[str, Any]) -> None:
    drawn = drawable(layout)
    spots = list(seats_of(drawn))
    assert [spot.data["no"] for spot in spots] == list(range(count_seats(layout)))
    assert [(spot.x, spot.y, spot.section) for spot in spots] == [
        (spot.x, spot.y, spot.section) for spot in seats_of(layout)
    ]
    first = orjson.loads(sheets_of(drawn, to_edit=True)["plan"])
    assert sum(section["seats"] for section in first["sections"]) == len(spots)


@given(DOCUMENTS)
def test_any_document_can_be_looked_at(document: Any) -> None:
    raw = orjson.dumps(document)
    sheets = jobs.draw_draft(raw)
    assert "plan" in sheets
    assert jobs.picture_of(raw).seats >= 0
    survey = jobs.survey(raw, 0, is_faulty=True)
    assert [one.fault for one in survey.faults] == check(document)


def test_seats_without_a_place_or_a_category_keep_their_numbers() -> None:
    layout = hall()
    first, second = layout["zones"][0]["rows"][0]["seats"][:2]
    del first["position"]
    second["category"] = "Nowhere"
    drawn = drawable(layout)
    spots = list(seats_of(drawn))
    assert spots[0].data["no"] == 1
    assert spots[0].data["category"] == UNKNOWN
    assert categories_of(layout)[-1].seats == 1


def test_faults_are_located() -> None:
    layout = hall()
    layout["zones"][0]["rows"][0]["seats"][1]["category"] = "Nowhere"
    layout["zones"][0]["rows"][0]["position"] = "here"
    layout["categories"].append({"name": ""})
    found = {one.fault.pointer: one.at for one in locate(layout, check(layout))}
    assert found["/zones/0/rows/0/seats/1/category"].no == 1
    assert found["/zones/0/rows/0/position"].no == 0
    assert found[f"/categories/{len(layout['categories']) - 1}/name"] is None


def test_a_picture_of_a_stadium_is_small() -> None:
    picture = draw_picture(stadium())
    assert picture.seats > 50_000
    assert sum(len(stroke.d) for stroke in picture.strokes) < 100_000


def test_a_picture_shows_what_people_look_at_at_the_edge_of_the_hall() -> None:
    inside, edge, far = (draw_picture(hall(focal_point={"x": 500, "y": y})).box for y in (300, 0, -9000))
    assert inside == (0, 0, 1000, 1000)
    assert edge == (0, -24, 1000, 1024)
    assert far == (0, -48, 1000, 1048)


def test_what_differs_between_versions() -> None:
    before = number_seats({}, hall()).layout
    after = number_seats({}, hall()).layout
    assert compare(before, after)[:5] == (0, 0, 0, 0, 0)
    new = {"seat_guid": "new", "seat_number": "99", "position": {"x": 500, "y": 0}, "category": "Stalls"}
    after["zones"][0]["rows"][0]["seats"].append(new)
    apply_edits(after, [Edit(Do.REMOVE, [(0, 0)]), Edit(Do.NUMBER, [(1, 1)], first=77)])
    found = compare(before, after)
    assert (found.added, found.removed, found.relabelled) == (1, 1, 1)
    assert found.names["added"][0].number == "99"
    assert found.names["relabelled"][0].number == "77"
