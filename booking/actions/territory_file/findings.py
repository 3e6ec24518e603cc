"""What is found in a territory file: faults, which stop the import, and warnings, which are only counted.

Both are told in French and in English, with the JSON pointer (RFC 6901) of the row or member concerned.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from booking.refusals import Fault

LISTED = 1000
"""How many faults are kept and listed; the others are only counted."""
EXAMPLES = 5
"""How many pointers are kept as examples of one kind of warning."""

FAULTS = {
    "json": ("n'est pas du JSON valable (ligne {line})", "is no valid JSON (line {line})"),
    "encoding": ("n'est pas en UTF-8 (ligne {line})", "is not UTF-8 (line {line})"),
    "outline": ("devrait être un objet JSON fait de listes", "should be a JSON object made of lists"),
    "format": ("devrait être « {wanted} »", "should be {wanted!r}"),
    "unknown_member": ("membre inconnu", "unknown member"),
    "repeated_list": ("cette liste figure deux fois", "this list stands twice"),
    "required": ("manque", "is missing"),
    "object": ("devrait être un objet", "should be an object"),
    "list": ("devrait être une liste", "should be a list"),
    "text": ("devrait être un texte", "should be a text"),
    "characters": ("contient un caractère de commande", "holds a control character"),
    "length": ("a plus de {longest} caractères", "has more than {longest} characters"),
    "empty": ("est vide", "is empty"),
    "id": (
        "n'est pas un identifiant : {value} (1 à 64 lettres, chiffres, points, tirets)",
        "is no id: {value} (1 to 64 letters, digits, dots, dashes)",
    ),
    "duplicate_id": ("identifiant déjà pris par {other}", "id already taken by {other}"),
    "duplicate": ("figure déjà en {other}", "stands already at {other}"),
    "integer": ("devrait être un nombre entier", "should be a whole number"),
    "number": ("devrait être un nombre", "should be a number"),
    "range": ("devrait être compris entre {low} et {high}", "should lie between {low} and {high}"),
    "boolean": ("devrait être true ou false", "should be true or false"),
    "choice": ("devrait être l'un de : {choices}", "should be one of: {choices}"),
    "unknown_id": ("{value} ne désigne rien de connu", "{value} names nothing known"),
    "wrong_kind": ("{value} n'est pas de la sorte attendue ({wanted})", "{value} is not of the kind wanted ({wanted})"),
    "local_time": (
        "n'est pas une heure locale AAAA-MM-JJTHH:MM : {value}",
        "is no local time YYYY-MM-DDTHH:MM: {value}",
    ),
    "instant": ("n'est pas un instant AAAA-MM-JJTHH:MM:SSZ : {value}", "is no instant YYYY-MM-DDTHH:MM:SSZ: {value}"),
    "order": ("la fin n'est pas après le début", "the end is not after the start"),
    "timezone": ("fuseau horaire inconnu : {value}", "unknown time zone: {value}"),
    "holidays": ("jours fériés inconnus : {value}", "unknown public holidays: {value}"),
    "quarter": ("n'est pas un trimestre tel que 2027-T1 : {value}", "is no quarter such as 2027-T1: {value}"),
    "rrule": ("règle de répétition incomprise : {problem}", "recurrence not understood: {problem}"),
    "exdates": ("exception incomprise : {problem}", "exception not understood: {problem}"),
    "too_many_dates": ("donne plus de {most} dates", "gives more than {most} dates"),
    "email": ("n'est pas une adresse électronique : {value}", "is no e-mail address: {value}"),
    "duplicate_email": ("adresse déjà prise par {other}", "address already taken by {other}"),
    "uid": ("n'est pas un uid : {value}", "is no uid: {value}"),
    "uid_differs": (
        "diffère de celui qui est enregistré, or un uid ne change jamais",
        "differs from the one stored, and a uid never changes",
    ),
    "overlap": (
        "chevauche {other} sur {calendar}, {span}",
        "overlaps {other} on {calendar}, {span}",
    ),
    "seats": ("{taken} inscrits pour {capacity} places", "{taken} enrolled for {capacity} seats"),
    "person": ("diffère de {other}, alors que c'est la même personne", "differs from {other}, though the same person"),
    "kind_changes": ("{value} existe déjà et est d'une autre sorte", "{value} exists and is of another kind"),
}

WARNINGS = {
    "outside_opening": ("rendez-vous hors des plages d'ouverture", "appointments outside openings"),
    "on_absence": ("rendez-vous sur une indisponibilité", "appointments on an absence"),
    "on_busy": ("rendez-vous sur un temps occupé ailleurs", "appointments on an imported busy time"),
    "on_holiday": ("rendez-vous un jour férié", "appointments on a public holiday"),
    "past": ("rendez-vous déjà passés", "appointments in the past"),
    "profession": ("rendez-vous pris hors de la profession du motif", "appointments beside the purpose's professions"),
    "room_elsewhere": ("salles d'un autre lieu que le rendez-vous", "rooms of another venue than the appointment's"),
    "phone": ("numéros de téléphone inhabituels, gardés tels quels", "unusual telephone numbers, kept as they are"),
    "school_zone": ("zones scolaires dont les vacances sont inconnues", "school zones whose holidays are unknown"),
    "no_date": ("séries sans aucune date", "series without any date"),
    "anonymised": ("personnes anonymisées, laissées ainsi", "anonymised people, left so"),
    "busy_in_series": ("dates de séries prolongées sautées", "dates of series left out"),
}


@dataclass(frozen=True)
class Finding:
    """One fault: its pointer, a stable code, and what its words need."""

    pointer: str
    code: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def french(self) -> str:
        return FAULTS[self.code][0].format(**self.values)

    @property
    def english(self) -> str:
        return FAULTS[self.code][1].format(**self.values)

    def as_fault(self) -> Fault:
        return Fault(self.pointer, self.code, self.english)


class Findings:
    """Collects faults and warnings; of both only so many are kept, all are counted."""

    def __init__(self) -> None:
        self.faults: list[Finding] = []
        self.fault_count = 0
        self.warnings: dict[str, int] = {}
        self.examples: dict[str, list[str]] = {}

    def fault(self, pointer: str, code: str, **values: Any) -> None:
        self.fault_count += 1
        if len(self.faults) < LISTED:
            self.faults.append(Finding(pointer, code, values))

    def warn(self, pointer: str, code: str) -> None:
        self.warnings[code] = self.warnings.get(code, 0) + 1
        examples = self.examples.setdefault(code, [])
        if len(examples) < EXAMPLES:
            examples.append(pointer)

    def lines(self) -> Iterator[str]:
        """For people: faults first, then the warnings with their numbers."""
        for finding in self.faults:
            yield f"{finding.pointer or '/'}: {finding.french} / {finding.english}"
        if self.fault_count > len(self.faults):
            more = self.fault_count - len(self.faults)
            yield f"… et {more} autres erreurs / and {more} more faults"
        for code, count in self.warnings.items():
            french, english = WARNINGS[code]
            yield f"{count} {french} / {english} ({', '.join(self.examples[code])}{', …' if count > EXAMPLES else ''})"


def escaped(name: str) -> str:
    """A member's name as a token of a JSON pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")
