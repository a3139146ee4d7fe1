"""The levers of the what-if room: rates, accelerators, quotas, volume, and the most that a window pays."""

from __future__ import annotations

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.levers import Lever, Levers

CAP = "cap"
_STEPS = 50
"""Places of the cap's slider; the last one leaves the plans' caps."""
_AS_IT_IS = 100
"""Per cent where nothing is otherwise."""
_PPM = 1_000_000


class LeverBox(Levers):
    """The sliders.

    Args:
        formats: how figures are written.
    """

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._most, self._currency = 0, ""
        asis = tr("as in the plan")
        shares = (
            ("rates", tr("Rates"), 50, 150, tr("Every rate of the plans.")),
            ("accelerators", tr("Accelerators"), 50, 200, tr("The rates of all tiers but the first, on top of that.")),
            ("quotas", tr("Quotas"), 50, 150, tr("The quotas of the people.")),
            ("volume", tr("Sales volume"), 50, 150, tr("What is sold in the period.")),
        )
        cap = Lever(
            CAP, tr("At most a window"), 0, _STEPS, _STEPS, tr("Most that each component pays for a window."),
            self._cap_text, asis, page=5,
        )  # fmt: skip
        super().__init__(
            [
                *(
                    Lever(name, label, low, high, _AS_IT_IS, meaning, self._percent, asis, page=5)
                    for name, label, low, high, meaning in shares
                ),
                cap,
            ]
        )

    @property
    def cap(self) -> int | None:
        """The cap, minor units; None for the plans' own."""
        place = self.sliders[CAP].value()
        return None if place == _STEPS or not self._most else _two_digits(self._most * place // _STEPS)

    @property
    def shares(self) -> dict[str, int]:
        """Ppm of every lever."""
        return {name: place * _PPM // 100 for name, place in self.places.items() if name != CAP}

    def set_cap_range(self, most: int, currency: str) -> None:
        """What the cap's slider spans: nothing to the most that somebody is paid; no currency, no cap."""
        if (most, currency) != (self._most, self._currency):
            self._most, self._currency = most, currency
            self.put({**self.places, CAP: _STEPS})
        self.sliders[CAP].setEnabled(bool(currency) and most > 0)

    def reset(self) -> None:
        """Everything as it stands."""
        self.put({})
        self.moved.emit()

    def _percent(self, place: int) -> str:
        return self._formats.percent(place / 100, 0)

    def _cap_text(self, _place: int) -> str:
        cap = self.cap
        return tr("as in the plan") if cap is None else self._formats.money(cap, self._currency)


def _two_digits(amount: int) -> int:
    """A round figure, for a cap is one."""
    size: int = 10 ** max(len(str(amount)) - 2, 0)
    return amount // size * size
