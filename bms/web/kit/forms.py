"""Forms: what somebody typed, checked by the schemas of the API, and what is wrong with it.

The name of a field is the place of its value in a body of the API, with dots: ``details.number``. A form that
is refused is shown again with all that was typed but secrets, each fault beside its field and all of them
above.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from bms.errors import BMSError, ValidationFailed
from bms.i18n.languages import Language, marked
from bms.schemas.base import RequestSchema, flatten
from bms.web.kit.faults import translate
from bms.web.kit.refusals import explain

ATTEMPT = "attempt"  # the field with the number of an attempt; see ``attempts``
OUT_OF_DATE = marked("This page had become out of date. Please press the button again.")
MAX_TYPED = 20_000  # characters of one field that are shown again


class Form:
    """What was typed by the name of the field, and the faults of fields.

    ``labels`` are texts of the fields. Without any, faults of all fields are noted.
    """

    def __init__(
        self,
        words: Language,
        labels: Mapping[str, str],
        typed: Mapping[str, str] | None = None,
        *,
        secret: frozenset[str] = frozenset(),
    ) -> None:
        self.words = words
        self._secret = secret
        self.labels = labels
        self.typed = dict(typed or {})
        self.faults: dict[str, list[str]] = {}
        self.refusal: str | None = None

    def value(self, name: str, default: Any = "") -> str:
        """Return what the field ``name`` shows: what was typed, but no secret."""
        if name in self._secret:
            return ""
        return self.typed.get(name, "" if default is None else str(default))[:MAX_TYPED]

    def label(self, name: str) -> str:
        """Return the name of a field as it is shown."""
        return self.words.gettext(self.labels.get(name, name))

    def load(self, schema: RequestSchema, data: Any, *, prefix: str = "") -> dict[str, Any] | None:
        """Return ``data`` as ``schema`` loads it, or None after noting every fault.

        ``prefix`` stands before the names of its fields in this form.
        """
        try:
            loaded: dict[str, Any] = schema.load(data)
        except ValidationError as error:
            self.note(flatten(error.messages), prefix)
            return None
        return loaded

    def note(self, errors: list[dict[str, str]], prefix: str = "") -> None:
        """Note the faults that a schema or a command has found."""
        for error in errors:
            name = error["pointer"].removeprefix("/").replace("/", ".")
            self.add(prefix + name, translate(self.words, error["message"]))

    def add(self, name: str, fault: str) -> None:
        """Note a fault of the field ``name``, which is above the form if the form has no such field."""
        if name in self.labels or not self.labels:
            self.faults.setdefault(name, []).append(fault)
            if self.labels:  # in the order in which the fields stand
                order = list(self.labels)
                self.faults = dict(sorted(self.faults.items(), key=lambda one: order.index(one[0])))
        elif self.refusal is None:
            self.refusal = fault

    def refuse(self, error: BMSError) -> None:
        """Note why a command refused what was typed, at its field where it names one.

        The next sending is another attempt, unless nobody knows whether this one had its effect.
        """
        if error.status < 500:
            self.typed.pop(ATTEMPT, None)
        if isinstance(error, ValidationFailed):
            self.note(error.extra["errors"])
        elif error.extra.get("field") in self.labels:
            self.add(error.extra["field"], explain(self.words, error))
        else:
            self.refusal = explain(self.words, error)

    def out_of_date(self) -> "Form":
        """Return the form itself, which says that its token was out of date: nothing has happened yet."""
        self.refusal = self.words.gettext(OUT_OF_DATE)
        return self

    @property
    def is_faulty(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.faults) or self.refusal is not None


def body_of(typed: Mapping[str, str], *names: str) -> dict[str, Any]:
    """Return the body of the API that the fields ``names`` make. An empty field is left out."""
    body: dict[str, Any] = {}
    for name in names:
        if typed.get(name, "").strip():
            *path, last = name.split(".")
            place = body
            for step in path:
                place = place.setdefault(step, {})
            place[last] = typed[name]
    return body
