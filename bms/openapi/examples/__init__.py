"""An example of every body, for the API's description. Tests check each against its schema."""

from bms.openapi.examples import events, older, people, sales, seating, service
from bms.openapi.examples.form import Examples

REQUESTS: Examples = {
    **people.REQUESTS,
    **events.REQUESTS,
    **sales.REQUESTS,
    **seating.REQUESTS,
    **older.REQUESTS,
}
ANSWERS: Examples = {
    **people.ANSWERS,
    **events.ANSWERS,
    **sales.ANSWERS,
    **seating.ANSWERS,
    **service.ANSWERS,
    **older.ANSWERS,
}
EXAMPLES: Examples = {**REQUESTS, **ANSWERS}
