"""The application for a WSGI server of one's own choice: `granian --interface wsgi wsgi:app`."""

from booking.app import create_app
from booking.config import Settings

app = create_app(Settings.load())
