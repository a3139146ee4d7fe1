"""Names from word parts: any likeness to a person or company is chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salesops_desktop.model.gazetteer import fold

_GIVEN = (
    "Ada Alan Amara Anika Arjun Astrid Beatriz Boris Carla Cedric Chiara Clara Dalia Darius Dina Edgar Elena Emil Enzo "
    "Erika Esra Fabian Farah Felix Fiona Gavin Greta Hanna Hugo Ida Imani Ines Ivo Jana Jasper Joana Jonas Kaya Keiko "
    "Kiran Lars Leila Lena Lukas Maia Malik Marta Mateo Mila Nadia Nico Nora Omar Otto Paula Petra Rafael Renata Rosa "
    "Ruben Samir Selma Silas Sofia Stefan Tara Theo Tomas Uma Viktor Vera Wanda Xenia Yara Yusuf Zoe"
).split()
_FAMILY_START = (
    "Ald Bren Cas Dorn Ell Fen Gar Hol Ing Jar Kel Lor Mar Nor Os Pel Quin Ros Sel Thorn Ul Ver Wil Yar Zel Ash Birk "
    "Cor Dren Fal Hart Lind Mor Tal"
).split()
_FAMILY_END = (
    "ander berg combe dale ett field gren haven ick lund mann ner ova quist ridge sen stad ton vall wick worth ley mark"
).split()

_COMPANY_START = (
    "Alder Amber Arden Aspen Azure Beacon Birch Bluff Bright Cairn Cedar Cinder Clear Cobalt Copper Coral Crest Cross "
    "Delta Dover East Ember Falcon Fern Flint Forge Fox Garnet Gold Granite Green Grove Harbor Hawk Hazel High Iron "
    "Ivory Jade Juniper Kestrel Lake Larch Laurel Linden Long Maple Marble Meadow Mill Mistral North Oak Ocean Onyx "
    "Orchard Osprey Pearl Pine Quarry Quill Raven Red River Rowan Sable Sage Silver Slate Stone Summit Swift Tarn "
    "Thistle Timber Topaz Vale Verdant Walnut West Willow Winter Wren"
).split()
_COMPANY_END = (
    "bay beck bourne bridge brook cliff combe cove crest dale fall field ford gate glen grove hall haven hill holm "
    "hurst land ledge mark mere moor point port ridge rock shore side stead stone thorpe view ward water way well "
    "wick wood yard"
).split()
LINES_OF_BUSINESS: dict[str, tuple[str, ...]] = {
    "Manufacturing": ("Machine Works", "Castings", "Tooling", "Polymers", "Fabrication"),
    "Healthcare": ("Clinics", "Diagnostics", "Medical Supply", "Care Group"),
    "Retail": ("Stores", "Outfitters", "Home Goods", "Markets"),
    "Logistics": ("Freight", "Logistics", "Warehousing", "Carriers"),
    "Food & Beverage": ("Foods", "Bakeries", "Breweries", "Dairy"),
    "Financial Services": ("Mutual", "Credit", "Insurance Brokers", "Advisers"),
    "Energy": ("Power", "Utilities", "Renewables", "Grid Services"),
    "Technology": ("Systems", "Software", "Networks", "Data"),
    "Construction": ("Builders", "Engineering", "Roofing", "Contractors"),
    "Education": ("Academies", "Learning", "Press"),
}
"""Industries and what companies in them call themselves."""

_LEGAL = {
    "US": ("Inc.", "LLC", "Corp.", "Co."),
    "CA": ("Inc.", "Ltd."),
    "GB": ("Ltd", "plc", "LLP"),
    "DE": ("GmbH", "AG", "GmbH & Co. KG"),
    "AT": ("GmbH", "AG"),
    "CH": ("AG", "GmbH"),
}
_STREETS = "Alder Beech Canal Depot Elm Foundry Garden Hill Industrial Junction King Lake Market Mill Park Quay".split()


class NameMaker:
    """Makes names that no other record of the same kind has.

    Args:
        rng: the source of chance.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def pick(self, options: Sequence[str]) -> str:
        """One of ``options``."""
        return options[int(self._rng.integers(len(options)))]

    def person(self) -> str:
        """A full name not used before."""
        while True:
            name = f"{self.pick(_GIVEN)} {self.pick(_FAMILY_START)}{self.pick(_FAMILY_END)}"
            if name not in self._taken:
                self._taken.add(name)
                return name

    def contact(self) -> str:
        """A full name that others may share."""
        return f"{self.pick(_GIVEN)} {self.pick(_FAMILY_START)}{self.pick(_FAMILY_END)}"

    def company(self, industry: str, country: str) -> str:
        """A company's name not used before, with the legal form of its country."""
        while True:
            start, end = self.pick(_COMPANY_START), self.pick(_COMPANY_END)
            stem = f"{start}{end} {self.pick(LINES_OF_BUSINESS[industry])}"
            if stem not in self._taken and end != start.lower():
                self._taken.add(stem)
                return f"{stem} {self.pick(_LEGAL[country])}"

    def subsidiary(self, parent: str, city: str) -> str | None:
        """The name of a parent's branch in a city; None where it has one there."""
        name = f"{' '.join(parent.split()[:2])} {city}"
        if name in self._taken:
            return None
        self._taken.add(name)
        return name

    def street(self, country: str) -> str:
        """A street and number."""
        number, name = int(self._rng.integers(1, 980)), self.pick(_STREETS)
        return f"{name}straße {number % 180 + 1}" if country in ("DE", "AT", "CH") else f"{number} {name} Street"


def email_of(name: str) -> str:
    """The address of a person or lead, at the domain kept for examples."""
    return f"{fold(name).replace(' ', '.')}@example.com"


def website_of(company: str) -> str:
    """A web address under the domain kept for examples."""
    return f"https://{fold(company).replace(' ', '-')}.example.com"
