"""Random plans and rooms for property tests."""

from typing import Any

from hypothesis import strategies as st

from bms.seating.terms import Kind

LABELS = st.text("AbZ19äह'=+-@;,\" ", min_size=1, max_size=4).map(str.strip).filter(bool)
PLAIN_KINDS = [kind for kind in Kind if kind not in (Kind.WHEELCHAIR, Kind.COMPANION)]


@st.composite
def layouts(draw: st.DrawFn, *, own: bool = True) -> dict[str, Any]:
    """Draw a sound plan. With ``own`` it has what pretix's plans lack."""
    categories = draw(st.lists(LABELS, min_size=1, max_size=3, unique_by=str.casefold))
    zones = []
    number = 0
    for name in draw(st.lists(LABELS, min_size=1, max_size=3, unique=True)):
        rows = []
        for row_name in draw(st.lists(LABELS, min_size=1, max_size=3, unique=True)):
            seats: list[dict[str, Any]] = []
            for at, label in enumerate(draw(st.lists(LABELS, min_size=1, max_size=6, unique=True))):
                number += 1
                seat = {
                    "seat_guid": f"guid {number}",
                    "seat_number": label,
                    "position": {"x": 20.25 * at, "y": 0},
                    "category": draw(st.sampled_from(categories)),
                }
                if own:
                    seat |= draw(st.sampled_from([{}, {"gap_after": True}]))
                    kinds = draw(st.lists(st.sampled_from(PLAIN_KINDS), unique=True, max_size=2))
                    seat |= {"kind": kinds} if kinds else {}
                seats.append(seat)
            if own and len(seats) > 1 and draw(st.booleans()):
                bay = draw(st.integers(0, len(seats) - 2))
                seats[bay] |= {"kind": [Kind.WHEELCHAIR], "gap_after": False}
                seats[bay + 1] |= {"kind": [Kind.COMPANION], "companion_of": seats[bay]["seat_guid"]}
            rows.append({"row_number": row_name, "position": {"x": 0.5, "y": 30 * len(rows)}, "seats": seats})
        zone = {
            "name": name,
            "position": {"x": 200 * len(zones), "y": draw(st.integers(0, 50))},
            "rows": rows,
        }
        if own:
            zone |= draw(st.sampled_from([{}, {"entrance": "Door 1"}]))
        zones.append(zone)
    plan: dict[str, Any] = {
        "name": draw(LABELS),
        "size": {"width": 1000, "height": 1000},
        "categories": [{"name": category} for category in categories],
        "zones": zones,
    }
    if own:
        plan |= {"format": "bms-plan/1"} | draw(st.sampled_from([{}, {"focal_point": {"x": 1.5, "y": 2}}]))
    return plan


# Documents that look a little like plans.
DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text("a", max_size=2)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["zones", "rows", "seats", "position", "x", "y", "kind", "size", "seat_guid"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)
