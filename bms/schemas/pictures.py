"""What is said of a picture, as the form of the page sends it."""

from bms.pictures.terms import MAX_TEXT
from bms.schemas.base import Line, RequestSchema


class PictureText(RequestSchema):
    """What is to be seen on a picture, for people who cannot see it."""

    text = Line(max=MAX_TEXT, load_default="")
