"""Phone numbers: kept in one form (E.164), understood and shown as people write them."""

import phonenumbers

REGION = "FR"
"""Numbers without a country are read as French; overseas ones bear their own prefix (0262 …, 0590 …)."""

_OVERSEAS = ("RE", "GP", "MQ", "GF", "YT", "PM", "NC", "PF", "WF")


def normalised(text: str) -> str | None:
    """``+33536491234`` for ``05 36 49 12 34``; ``None`` when it can be no phone number.

    A number of an overseas territory written the national way gets that territory's country code.
    """
    # A number that bears its country code reads the same from everywhere.
    for region in (REGION,) if text.lstrip().startswith("+") else (REGION, *_OVERSEAS):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            return None
        if phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def spoken(e164: str) -> str:
    """``05 36 49 12 34``, held together by no-break spaces; foreign numbers with their country code."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    home = phonenumbers.region_code_for_country_code(number.country_code or 0) in (REGION, *_OVERSEAS)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form).replace(" ", "\N{NO-BREAK SPACE}")
