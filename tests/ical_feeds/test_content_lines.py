"""One line of iCalendar text: what is escaped, quoted, refused, and where it is cut."""

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ical_feeds.content_lines import duration, escaped, folded, parameter, text_line, uri

FORBIDDEN = [
    "\x00",
    "\x07",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1f",
    "\x7f",
    "\x80",
    "\x85",
    "\x9f",
    "\u2028",
    "\u2029",
    "\ud800",
]


def pieces(line: str) -> list[bytes]:
    return folded(line).encode().split(b"\r\n")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_no_line_is_longer_than_75_octets(text: str) -> None:
    """W1."""
    assert max(map(len, pieces("SUMMARY:" + text))) <= 75


@given(st.text(st.sampled_from("aé日👩\\"), min_size=60, max_size=300))
def test_a_fold_never_splits_a_utf8_sequence(text: str) -> None:
    """W1: each piece is UTF-8 by itself."""
    for piece in pieces("SUMMARY:" + text):
        piece.decode("utf-8", errors="strict")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_taking_the_folds_out_gives_the_line_back(text: str) -> None:
    """W1."""
    assert folded("SUMMARY:" + text).replace("\r\n ", "") == "SUMMARY:" + text


@given(st.text(st.sampled_from("a\\,;\n"), min_size=90, max_size=200))
def test_a_fold_never_parts_a_backslash_from_what_it_escapes(text: str) -> None:
    """W1: some readers unescape before they unfold."""
    for piece in text_line("SUMMARY", text).split("\r\n "):
        assert (len(piece) - len(piece.rstrip("\\"))) % 2 == 0


def test_a_line_of_75_octets_is_left_whole() -> None:
    """W1."""
    assert folded("x" * 75) == "x" * 75


def test_a_line_of_76_octets_is_cut_once() -> None:
    """W1."""
    assert folded("x" * 76) == "x" * 75 + "\r\n x"


def test_accents_count_as_the_octets_they_take() -> None:
    """W1."""
    assert folded("é" * 38) == "é" * 37 + "\r\n é"


def test_text_escapes_backslash_semicolon_comma_and_line_end() -> None:
    """W2."""
    assert escaped("a\\b;c,d\ne") == "a\\\\b\\;c\\,d\\ne"


def test_text_leaves_colons_and_quotes_alone() -> None:
    """W2."""
    assert escaped('10:00 "Maison"') == '10:00 "Maison"'


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_every_kind_of_line_end_is_one_escaped_n(line_end: str) -> None:
    """W2."""
    assert escaped(f"a{line_end}b") == "a\\nb"


@pytest.mark.parametrize("control", FORBIDDEN, ids=ascii)
def test_controls_are_dropped_from_text(control: str) -> None:
    """W2."""
    assert escaped(f"a{control}b, c") == "ab\\, c"


def test_a_tab_stays_in_text() -> None:
    """W2."""
    assert escaped("a\tb") == "a\tb"


def test_a_typed_backslash_n_stays_what_was_typed() -> None:
    """W2: C:\\Nouveau is no line end."""
    assert escaped("C:\\Nouveau") == "C:\\\\Nouveau"


@pytest.mark.parametrize("special", [":", ";", ","])
def test_parameters_are_quoted_when_they_hold_a_separator(special: str) -> None:
    """W2."""
    assert parameter(f"Durand{special} Lou") == f'"Durand{special} Lou"'


def test_a_plain_parameter_is_not_quoted() -> None:
    """W2."""
    assert parameter("Lou Durand") == "Lou Durand"


def test_a_common_name_is_written_by_rfc_6868() -> None:
    """W2."""
    assert parameter('Lou "la ^" Durand\nTreignac') == "Lou ^'la ^^^' Durand^nTreignac"


@pytest.mark.parametrize("control", FORBIDDEN, ids=ascii)
def test_controls_are_dropped_from_parameters(control: str) -> None:
    """W2."""
    assert parameter(f"a{control}b") == "ab"


def read_common_name(name: str) -> str:
    line = f"ATTENDEE;CN={parameter(name)}:mailto:lou@example.org"
    attendee = icalendar.Event.from_ical(f"BEGIN:VEVENT\r\n{line}\r\nEND:VEVENT\r\n")["attendee"]
    assert attendee == "mailto:lou@example.org"
    return str(attendee.params["CN"])


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\\") | st.just("\n"))


@given(NAMES.map(str.strip).filter(bool))
def test_a_common_name_reads_back_as_it_was(name: str) -> None:
    """W2."""
    assert read_common_name(name) == name


def test_a_backslash_at_the_end_of_a_common_name_does_not_swallow_the_address() -> None:
    """W2."""
    assert read_common_name("Lou\\") == "Lou\\"


@pytest.mark.parametrize("control", ["\r", "\n", *FORBIDDEN], ids=ascii)
def test_a_uri_with_a_line_end_or_control_is_refused(control: str) -> None:
    """W2: a URI has no escaping, so it could break out of its line."""
    with pytest.raises(ValueError, match="may not hold control characters"):
        uri(f"mailto:lou@example.org{control}BEGIN:VEVENT")


def test_a_uri_is_written_as_it_is() -> None:
    """W2."""
    assert uri("https://rdv.example/a?b=1;c=2,3") == "https://rdv.example/a?b=1;c=2,3"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (60, "PT1H"),
        (30, "PT30M"),
        (90, "PT1H30M"),
        (1440, "P1D"),
        (1500, "P1DT1H"),
        (0, "PT0S"),
        (-30, "-PT30M"),
    ],
)
def test_durations_put_hours_and_minutes_behind_a_t(minutes: int, text: str) -> None:
    """W13: P1H stopped programs."""
    assert duration(minutes) == text
