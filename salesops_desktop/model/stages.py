"""What a CRM's stage names mean."""

from __future__ import annotations

import re

from salesops_desktop.model.enums import OpportunityStatus

_WON = re.compile(r"\b(won|gewonnen|gagn[ée]e?|ganad[ao]|closed[ -]?deal|order received|booked)\b", re.IGNORECASE)
_LOST = re.compile(
    r"\b(lost|verloren|perdue?|perdid[ao]|disqualified|abandoned|no decision|cancell?ed|dead|rejected)\b", re.IGNORECASE
)


def status_of_stage(stage: str) -> OpportunityStatus:
    """Whether a stage of that name means open, won or lost, by its words ("Closed Won", "closedlost")."""
    text = re.sub(r"(?i)closed(?=won|lost)", "closed ", stage.replace("_", " "))
    if _LOST.search(text):
        return OpportunityStatus.LOST
    return OpportunityStatus.WON if _WON.search(text) else OpportunityStatus.OPEN
