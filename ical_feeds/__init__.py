"""iCalendar text, written for every calendar program to read alike.

Pure and typed: values in, text out. No clock, no database, no network, and nothing of the service around it.
"""

from ical_feeds.event import Event, order_key, tombstone, zones_of
from ical_feeds.freebusy import BusyPeriod, write_freebusy
from ical_feeds.rules import feed_rule
from ical_feeds.writer import WRITER_VERSION, write_calendar, write_event
from ical_feeds.zones import ZONES, vtimezone

__all__ = [
    "WRITER_VERSION",
    "ZONES",
    "BusyPeriod",
    "Event",
    "feed_rule",
    "order_key",
    "tombstone",
    "vtimezone",
    "write_calendar",
    "write_event",
    "write_freebusy",
    "zones_of",
]
