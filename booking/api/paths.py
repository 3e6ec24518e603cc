"""The parts of the API's addresses."""

from werkzeug.routing import BaseConverter

from booking.api.shapes import ID_PATTERN


class IdConverter(BaseConverter):
    """An id: what cannot be one leads nowhere."""

    regex = ID_PATTERN
