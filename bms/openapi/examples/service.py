"""Examples of what the service says about itself."""

from bms.openapi.examples.form import Examples
from bms.schemas.answers import health as health_answers
from bms.schemas.answers import problems as problem_answers

ANSWERS: Examples = {
    health_answers.LiveAnswer: {"status": "ok"},
    health_answers.ReadyAnswer: {"status": "ok", "checks": {"database": "ok", "outbox": "ok"}},
    problem_answers.ProblemKindAnswer: {
        "type": "/problems/sold_out",
        "code": "sold_out",
        "title": "Not enough tickets left",
        "status": 409,
        "when": "Fewer tickets are left than were asked for. `available` says how many.",
        "remedy": "Ask for as many as are left, for another ticket type, or again later: holds expire.",
    },
}
