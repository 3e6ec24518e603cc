"""Recurrence rules as they are sent and told."""

from booking.actions.openings_editing import LONGEST_RULE
from booking.api.shapes import ListOf, Text

RULE = Text(LONGEST_RULE, about="RFC 5545's RRULE without its name; an UNTIL written as a date is inclusive.")
EXDATES = ListOf(Text(16), most=1000, about="Local dates on which the rule does not hold.")
