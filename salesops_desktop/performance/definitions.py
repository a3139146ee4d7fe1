"""What each KPI means: said once, for the tab, the workbook, the command line and the reference page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """The unit of a figure."""

    RATIO = "ratio"
    """1 is the whole; shown as percent."""
    DAYS = "days"
    HOURS = "hours"
    COUNT = "count"
    MONEY = "money"
    """Minor units of the reporting currency."""
    MONEY_PER_DAY = "money per day"
    """Minor units of the reporting currency per calendar day."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Another figure of the same KPI, shown as a detail."""

    id: str
    label: str
    unit: Unit
    formula: str


@dataclass(frozen=True, slots=True)
class KpiDefinition:
    """One KPI.

    Attributes:
        id: its name in code and storage.
        label: its name on screen.
        unit: of the headline value.
        formula: in words.
        source: where the formula comes from.
        numerator: what the numerator is.
        denominator: what the denominator is; empty where the value is no ratio.
        rows: what rows are behind it.
        entity: the entity of these rows, for drill-down.
        needs: what to import for it, as the way out of a missing value.
        higher_is_better: which way is good.
        variants: the details.
    """

    id: str
    label: str
    unit: Unit
    formula: str
    source: str
    numerator: str
    denominator: str
    rows: str
    entity: str
    needs: str
    higher_is_better: bool
    variants: tuple[Variant, ...] = ()

    def variant(self, name: str) -> Variant:
        """The variant called ``name``.

        Raises:
            KeyError: there is none.
        """
        for found in self.variants:
            if found.id == name:
                return found
        raise KeyError(name)


_R, _D, _H, _C, _M, _MD = Unit.RATIO, Unit.DAYS, Unit.HOURS, Unit.COUNT, Unit.MONEY, Unit.MONEY_PER_DAY

TARGET_ACHIEVEMENT = KpiDefinition(
    "target_achievement",
    "Target achievement rate",
    _R,
    "Won amount of the period ÷ bookings quotas of the period. A quota that only partly lies in the period counts by "
    "days. Teams are sum ÷ sum, never an average of rates; quotas of people who manage other quota holders are "
    "roll-ups, and overlays sell with others: neither is counted twice.",
    "Value attainment as on kpi.zone; 'share of people at target' as on kpitree.com",
    "Won amount",
    "Quota",
    "Opportunities won in the period",
    "opportunity",
    "Import quotas (person, period, amount).",
    True,  # noqa: FBT003
    (
        Variant("people_with_quota", "People with a quota", _C, "People with a quota in the period"),
        Variant("people_at_target", "People at target", _R, "People who reached 100 % ÷ people with a quota"),
        Variant("gap", "Still to win", _M, "Quota − won amount"),
    ),
)

WIN_RATE = KpiDefinition(
    "win_rate",
    "Win rate",
    _R,
    "Opportunities won ÷ (won + lost), by the close date in the period. Open ones do not count.",
    "Closed basis, as Salesforce and HubSpot reports count it",
    "Won opportunities",
    "Won and lost opportunities",
    "Opportunities closed in the period",
    "opportunity",
    "Import opportunities with stage and close date.",
    True,  # noqa: FBT003
    (
        Variant("won", "Won", _C, "Opportunities won"),
        Variant("lost", "Lost", _C, "Opportunities lost"),
        Variant("by_list_value", "Win rate by list value", _R, "List value won ÷ list value closed"),
        Variant("won_value", "Won amount", _M, "Sum of amounts won"),
        Variant("avg_won_value", "Average won deal", _M, "Won amount ÷ won opportunities with an amount"),
        Variant("median_won_value", "Median won deal", _M, "Median of amounts won"),
        Variant("discount_vs_list", "Discount against list", _R, "1 − won amount ÷ list value of the same deals"),
    ),
)

CYCLE_TIME = KpiDefinition(
    "cycle_time",
    "Sales cycle time",
    _D,
    "Calendar days from creation to winning, the first day not counted: mean over the opportunities won in the "
    "period. The median stands beside it, and the median that counts the deals still open as well: where it is much "
    "longer, the pipeline is ageing.",
    "Close date − created date of won deals, as in HubSpot and Salesforce cycle reports",
    "Sum of days",
    "Won opportunities with both dates",
    "Opportunities won in the period with a creation date",
    "opportunity",
    "Import opportunities with created and close date.",
    False,  # noqa: FBT003
    (
        Variant("won_median", "Median of won", _D, "Median days of won opportunities"),
        Variant("closed_mean", "Mean of all closed", _D, "Mean days of won and lost opportunities"),
        Variant("closed_median", "Median of all closed", _D, "Median days of won and lost opportunities"),
        Variant("lost_mean", "Mean of lost", _D, "Mean days of lost opportunities"),
        Variant(
            "median_with_open",
            "Median with open deals",
            _D,
            "Age by which half of the deals are closed, won or lost, counting the open ones for as long as they have "
            "been watched (Kaplan & Meier 1958, with delayed entry); from ten closings on",
        ),
    ),
)

SELLING_TIME = KpiDefinition(
    "selling_time",
    "Time spent selling",
    _R,
    "Minutes of calls, e-mails, meetings, appointments and demos ÷ minutes of all logged activities of the period. "
    "Travel, administration, internal meetings and training are not selling.",
    "Selling share of logged time, taxonomy after the Alexander Group's time studies",
    "Selling minutes",
    "Logged minutes",
    "Activities of the period",
    "activity",
    "Import activities with kind, start and minutes.",
    True,  # noqa: FBT003
    (
        Variant("selling_hours", "Selling hours", _H, "Selling minutes ÷ 60"),
        Variant("logged_hours", "Logged hours", _H, "Logged minutes ÷ 60"),
        Variant("with_minutes", "Activities with minutes", _R, "Activities that say how long ÷ all activities"),
    ),
)

LEAD_RESPONSE = KpiDefinition(
    "lead_response",
    "Lead response time",
    _H,
    "Hours from a lead's creation to the first response: median over all leads created in the period. A lead nobody "
    "answered counts as waiting longer than any answered one; it is never dropped.",
    "Oldroyd, McElheran & Elkington, Harvard Business Review, March 2011",
    "Leads answered",
    "Leads created",
    "Leads created in the period",
    "lead",
    "Import leads with creation and first-response time.",
    False,  # noqa: FBT003
    (
        Variant("answered_mean", "Mean of answered leads", _H, "Mean hours, answered leads only"),
        Variant("p90", "Nine of ten within", _H, "Hours within which 90 % of all leads were answered"),
        Variant("within_5_minutes", "Within 5 minutes", _R, "Leads answered within 5 minutes ÷ leads created"),
        Variant("within_1_hour", "Within 1 hour", _R, "Leads answered within 1 hour ÷ leads created"),
        Variant("within_24_hours", "Within 24 hours", _R, "Leads answered within 24 hours ÷ leads created"),
        Variant("never_answered", "Never answered", _R, "Leads without a response ÷ leads created"),
    ),
)

WEIGHTED_PIPELINE = KpiDefinition(
    "weighted_pipeline",
    "Weighted pipeline",
    _M,
    "Sum of amount × probability over the opportunities open at the end of the period (today, if it is not over). "
    "The list price stands in for a missing amount, the win rate up to that day for a missing probability. From the "
    "last snapshot in the period where there is one, else rebuilt from creation and close dates.",
    "Amount × stage probability, as in Salesforce's Expected Revenue",
    "Sum of amount × probability",
    "",
    "Opportunities open at the end of the period",
    "opportunity",
    "Import open opportunities.",
    True,  # noqa: FBT003
    (
        Variant("open_count", "Open opportunities", _C, "Number of open opportunities"),
        Variant("open_value", "Open amount", _M, "Sum of amounts (list price where missing)"),
        Variant("open_list_value", "Open list value", _M, "Sum of list prices of open opportunities"),
        Variant("dated_count", "Open with a creation date", _C, "Open opportunities that say when they were created"),
        Variant("dated_list_value", "Their list value", _M, "Sum of list prices of these"),
        Variant("mean_age_days", "Mean age", _D, "Mean days since creation of open opportunities"),
    ),
)

PIPELINE_EFFICIENCY = KpiDefinition(
    "pipeline_efficiency",
    "Pipeline efficiency",
    _MD,
    "Pipeline velocity: open opportunities at the end of the period × win rate × average won amount ÷ mean cycle "
    "days; the last three from the deals closed in the period. Not additive over groups.",
    "Sales velocity equation (number of opportunities × deal value × win rate ÷ length of the sales cycle)",
    "Open opportunities × win rate × average won amount",
    "Mean cycle days of won deals",
    "Opportunities closed in the period, and those open at its end",
    "opportunity",
    "Import opportunities with created and close date, won and lost ones included.",
    True,  # noqa: FBT003
    (
        Variant(
            "closed_basis",
            "Velocity of the closed deals",
            _MD,
            "Closed opportunities × win rate × average won amount ÷ mean cycle days = won amount ÷ cycle days",
        ),
        Variant("yield", "Yield", _R, "Won amount ÷ amount open at the end of the period"),
    ),
)

FORECAST_ACCURACY = KpiDefinition(
    "forecast_accuracy",
    "Forecast accuracy",
    _R,
    "1 − |forecast − won amount| ÷ won amount, for periods that are over; over several periods 1 − Σ|error| ÷ Σ won "
    "amount (WAPE), so it can fall below 0. Judged is the last forecast made before the period began, or, failing "
    "that, the first one made in it.",
    "WAPE: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.8",
    "Absolute error",
    "Won amount",
    "Forecasts judged",
    "forecast",
    "Make forecasts and keep them, or import them; they can be judged once their period is over.",
    True,  # noqa: FBT003
    (
        Variant("forecast", "Forecast", _M, "Sum of the forecasts judged"),
        Variant("actual", "Won amount", _M, "Won amount of the same periods"),
        Variant("bias", "Bias", _R, "Σ(forecast − won amount) ÷ Σ won amount"),
        Variant("attained", "Won ÷ forecast", _R, "Won amount ÷ forecast"),
        Variant("periods", "Periods judged", _C, "Periods with a forecast that are over"),
    ),
)

APPOINTMENTS = KpiDefinition(
    "appointments",
    "Appointments per period",
    _C,
    "Meetings with customers that took place in the period: activities of the kinds appointment, meeting and demo "
    "whose outcome says neither no-show nor cancelled.",
    "Meetings held, as outbound teams count them (held, not booked)",
    "Appointments held",
    "",
    "Appointments of the period",
    "activity",
    "Import activities with kind and start.",
    True,  # noqa: FBT003
    (
        Variant("booked", "Booked", _C, "All appointments, held or not"),
        Variant("no_show_rate", "Did not take place", _R, "Appointments not held ÷ booked"),
        Variant("people", "People", _C, "People with an appointment held"),
        Variant("per_person", "Per person", _C, "Appointments held ÷ people with one"),
        Variant("per_working_day", "Per working day", _C, "Appointments held ÷ Mondays to Fridays of the period"),
    ),
)

KPIS: tuple[KpiDefinition, ...] = (
    TARGET_ACHIEVEMENT,
    WIN_RATE,
    CYCLE_TIME,
    SELLING_TIME,
    LEAD_RESPONSE,
    WEIGHTED_PIPELINE,
    PIPELINE_EFFICIENCY,
    FORECAST_ACCURACY,
    APPOINTMENTS,
)
"""The nine, in the order of the tab."""

_BY_ID = {kpi.id: kpi for kpi in KPIS}


def definition(kpi_id: str) -> KpiDefinition:
    """The KPI called ``kpi_id``.

    Raises:
        KeyError: there is none.
    """
    return _BY_ID[kpi_id]
