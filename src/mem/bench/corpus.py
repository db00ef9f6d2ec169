"""Texts that look like what is said, shown and noted, made from a seed.

Sentences of office, workshop and home, with names, amounts, times and identifiers in them. Words are
drawn as language draws them: a few come all the time, most are rare.
"""

import random
from collections.abc import Callable, Iterator, Sequence

FIRST_NAMES = (
    "Anna", "Ben", "Carla", "David", "Elena", "Farid", "Grace", "Henrik", "Ines", "Jonas", "Karim", "Lucía",
    "Maya", "Noah", "Olga", "Pedro", "Quentin", "René", "Sofia", "Tomás", "Ulrich", "Vera", "Walid", "Zoë",
)  # fmt: skip
_BEGINNINGS = (
    "Al", "Bar", "Cor", "Dal", "Est", "Fer", "Gar", "Hol", "Ibar", "Jan", "Kel", "Lin", "Mor", "Nor", "Ost",
    "Per", "Quin", "Ros", "Sand", "Tal", "Ur", "Var", "Wes", "Zim",
)  # fmt: skip
_MIDDLES = ("a", "en", "er", "i", "in", "o", "ol", "u", "um", "ar")
_ENDINGS = (
    "berg",
    "dez",
    "field",
    "holm",
    "kamp",
    "ley",
    "man",
    "nov",
    "ren",
    "sen",
    "son",
    "stein",
    "ton",
    "vik",
)
THINGS = (
    "report", "budget", "invoice", "meeting", "contract", "server", "camera", "delivery", "schedule", "order",
    "customer", "printer", "battery", "window", "door", "kitchen", "garden", "project", "release", "database",
    "password", "account", "payment", "receipt", "supplier", "warehouse", "shipment", "engine", "sensor",
    "cable", "monitor", "keyboard", "ticket", "deadline", "proposal", "estimate", "quarter", "forecast",
    "margin", "discount", "training", "interview", "candidate", "vacation", "flight", "hotel", "doctor",
    "insurance", "policy", "warranty", "repair", "bicycle", "tire", "brake", "filter", "pump", "valve",
    "pressure", "temperature", "humidity", "noise", "signal", "antenna", "network", "router", "firewall",
    "backup", "archive", "folder", "document", "paragraph", "chapter", "drawing", "model", "prototype",
    "sample", "measurement", "calibration", "experiment", "hypothesis", "conclusion", "reference", "library",
    "recipe", "tomato", "onion", "bread", "coffee", "lunch", "dinner", "birthday", "present", "neighbour",
    "parcel", "letter", "stamp", "museum", "concert", "ticket office", "lecture", "homework", "teacher",
    "microscope", "telescope", "turbine", "generator", "transformer", "insulation", "scaffold", "concrete",
)  # fmt: skip
QUALITIES = (
    "new", "old", "final", "first", "last", "broken", "missing", "urgent", "small", "large", "red", "blue",
    "green", "late", "early", "cheap", "expensive", "public", "private", "quiet", "loud", "empty", "full",
    "second", "annual", "monthly", "weekly", "temporary", "permanent", "external", "internal", "portable",
    "electric", "mechanical", "digital", "preliminary", "unexpected", "remarkable", "defective", "obsolete",
)  # fmt: skip
ACTIONS = (
    "check", "send", "repair", "order", "review", "sign", "open", "close", "move", "replace", "measure",
    "clean", "update", "cancel", "prepare", "discuss", "approve", "print", "upload", "delete", "restart",
    "inspect", "calibrate", "negotiate", "postpone", "archive", "translate", "summarise", "reconsider",
)  # fmt: skip
PLACES = (
    "Berlin", "the workshop", "room 204", "the main hall", "Zürich", "the second floor", "Lisbon",
    "the garage",
    "São Paulo", "the laboratory", "Kraków", "the loading dock", "Málaga", "the front desk", "Göteborg",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "next week", "tomorrow", "this afternoon")
_TEMPLATES = (
    "We have to {action} the {quality} {thing} before {day}.",
    "{person} said that the {thing} in {place} is {quality}.",
    "Could you {action} the {thing} and tell {person} about it?",
    "The {quality} {thing} costs {amount} and the {thing} is extra.",
    "I will {action} it {day}, right after the {thing}.",
    "Please {action} {code} and put the {thing} next to the {thing}.",
    "So the {thing} is {quality}, and what about the {thing}?",
    "Let's meet in {place} at {time} to {action} the {thing}.",
    "{person} and {person} will {action} the {quality} {thing} in {place}.",
    "No, that was {code}, not the {thing} from {day}.",
    "It looks as if the {thing} needs a {quality} {thing}.",
    "Okay, and then we {action} the {thing}, the {thing} and the {thing}.",
    "You know, I think the {thing} was {quality} all along.",
    "The number is {number}, and {person} has the {thing}.",
    "Thank you, {first}. Next on the list is the {quality} {thing}.",
    "At {time} somebody left a {quality} {thing} in {place}.",
    "Don't {action} the {thing} until {person} has seen {code}.",
    "That would be {amount} for the {thing}, including the {quality} {thing}.",
    "What did {first} say about the {thing}? It must be {quality} by {day}.",
    "All right.",
    "Yes, exactly, the {quality} one.",
    "Hmm, let me look at the {thing} again.",
)  # fmt: skip


class Corpus:
    """Sentences without end; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - not for secrets
        self._weights = {
            len(words): tuple(_sums(1 / (place + 3) for place in range(len(words))))
            for words in (FIRST_NAMES, THINGS, QUALITIES, ACTIONS, PLACES, DAYS, _TEMPLATES)
        }
        self._fill: dict[str, Callable[[], str]] = {
            "{thing}": lambda: self.one_of(THINGS),
            "{quality}": lambda: self.one_of(QUALITIES),
            "{action}": lambda: self.one_of(ACTIONS),
            "{place}": lambda: self.one_of(PLACES),
            "{day}": lambda: self.one_of(DAYS),
            "{first}": lambda: self.one_of(FIRST_NAMES),
            "{person}": self.person,
            "{code}": self.code,
            "{amount}": lambda: f"{self._chance.randrange(10, 90_000):,} euros",
            "{number}": lambda: str(self._chance.randrange(10_000, 10_000_000)),
            "{time}": lambda: f"{self._chance.randrange(24)}:{self._chance.randrange(60):02}",
        }
        self._pieces = [_cut(template) for template in _TEMPLATES]

    def one_of(self, words: Sequence[str]) -> str:
        """One of the words, the earlier ones far more often."""
        return self._chance.choices(words, cum_weights=self._weights[len(words)])[0]

    def person(self) -> str:
        """A first and a last name; there are some 80,000."""
        chance = self._chance
        last = chance.choice(_BEGINNINGS) + chance.choice(_MIDDLES) + chance.choice(_ENDINGS)
        return f"{self.one_of(FIRST_NAMES)} {last}"

    def code(self) -> str:
        """The name of a thing as machines and forms have it, such as RE16-TGK."""
        letters = "".join(self._chance.choices("ABCDEFGHKLMNPRSTUVWXYZ", k=5))
        return f"{letters[:2]}{self._chance.randrange(10, 100)}-{letters[2:]}"

    def sentence(self) -> str:
        """One sentence, 2 to 17 words."""
        pieces = self._chance.choices(self._pieces, cum_weights=self._weights[len(_TEMPLATES)])[0]
        return "".join(self._fill[piece]() if piece in self._fill else piece for piece in pieces)


def _cut(template: str) -> tuple[str, ...]:
    """A template as its pieces: texts and slots by turns."""
    return tuple(piece for part in template.split("{") for piece in _piece(part))


def _piece(part: str) -> Iterator[str]:
    name, brace, rest = part.partition("}")
    if brace:
        yield "{" + name + "}"
        yield rest
    else:
        yield part


def _sums(weights: Iterator[float]) -> Iterator[float]:
    total = 0.0
    for weight in weights:
        total += weight
        yield total
