"""What the payment gateway sends."""

from marshmallow import fields, validate

from bms.schemas.base import Line, RequestSchema

OUTCOMES = ("SUCCEEDED", "FAILED", "PENDING")


class Notice(RequestSchema):
    """POST /gateway/notices: what became of a charge. ``reference`` is the one that it was asked for by."""

    notice_id = Line(required=True, max=190, min=1)
    reference = Line(required=True, max=190, min=1)  # ours is shorter; somebody else's is answered too
    status = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    gateway_reference = Line(required=True, max=64, min=1)
    failure_code = Line(max=32, min=1, load_default=None, allow_none=True)
    message = Line(max=200, load_default=None, allow_none=True)
