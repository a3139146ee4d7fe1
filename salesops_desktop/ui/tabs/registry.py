"""The tabs of the window, in their order. A tab's package is imported when it is first shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salesops_desktop.ui.tabs.tab import Shell, TabSpec, TabView

if TYPE_CHECKING:
    from salesops_desktop.ui.commands import Command


def _data(shell: Shell) -> TabView:
    from salesops_desktop.ui.tabs.data.view import DataView  # noqa: PLC0415  # built when first shown

    return DataView(shell)


def _data_commands(shell: Shell) -> Sequence[Command]:
    from salesops_desktop.ui.tabs.data.actions import commands  # noqa: PLC0415  # built when first shown

    return commands(shell)


def _import(shell: Shell) -> None:
    shell.import_files(())


def _territories(shell: Shell) -> TabView:
    from salesops_desktop.ui.tabs.territories.view import TerritoriesView  # noqa: PLC0415  # built when first shown

    return TerritoriesView(shell)


def _territory_commands(shell: Shell) -> Sequence[Command]:
    from salesops_desktop.ui.tabs.territories.actions import commands  # noqa: PLC0415  # built when first shown

    return commands(shell)


def _design(shell: Shell) -> None:
    from salesops_desktop.ui.tabs.territories.actions import show_settings  # noqa: PLC0415  # built when first shown

    show_settings(shell)


def _make_current(shell: Shell) -> None:
    from salesops_desktop.ui.tabs.territories.actions import make_current  # noqa: PLC0415  # built when first shown

    make_current(shell)


def _see_territories(shell: Shell) -> None:
    shell.show_tab("territories")


def _commissions(shell: Shell) -> TabView:
    from salesops_desktop.ui.tabs.commissions.view import CommissionsView  # noqa: PLC0415  # built when first shown

    return CommissionsView(shell)


def _commission_commands(shell: Shell) -> Sequence[Command]:
    from salesops_desktop.ui.tabs.commissions.actions import commands  # noqa: PLC0415  # built when first shown

    return commands(shell)


def _calculate(shell: Shell) -> None:
    from salesops_desktop.ui.tabs.commissions.actions import calculate  # noqa: PLC0415  # built when first shown

    calculate(shell)


def _starter_plans(shell: Shell) -> None:
    from salesops_desktop.ui.tabs.commissions.actions import starter_plans  # noqa: PLC0415  # built when first shown

    starter_plans(shell)


def _forecast(shell: Shell) -> TabView:
    from salesops_desktop.ui.tabs.forecast.view import ForecastView  # noqa: PLC0415  # built when first shown

    return ForecastView(shell)


def _forecast_commands(shell: Shell) -> Sequence[Command]:
    from salesops_desktop.ui.tabs.forecast.actions import commands  # noqa: PLC0415  # built when first shown

    return commands(shell)


def _keep_forecast(shell: Shell) -> None:
    from salesops_desktop.ui.tabs.forecast.actions import forecast  # noqa: PLC0415  # built when first shown

    forecast(shell)


def _kept_forecasts(shell: Shell) -> None:
    from salesops_desktop.ui.tabs.forecast.actions import show_kept  # noqa: PLC0415  # built when first shown

    show_kept(shell)


def _performance(shell: Shell) -> TabView:
    from salesops_desktop.ui.tabs.performance.view import PerformanceView  # noqa: PLC0415  # built when first shown

    return PerformanceView(shell)


def _performance_commands(shell: Shell) -> Sequence[Command]:
    from salesops_desktop.ui.tabs.performance.actions import commands  # noqa: PLC0415  # built when first shown

    return commands(shell)


def _kpis(shell: Shell) -> None:
    from salesops_desktop.ui.tabs.performance.actions import show_kpis  # noqa: PLC0415  # built when first shown

    show_kpis(shell)


TABS: tuple[TabSpec, ...] = (
    TabSpec("data", "Data", "table", _data, _data_commands, {"import": _import}),
    TabSpec(
        "territories",
        "Territories",
        "map",
        _territories,
        _territory_commands,
        {
            "territories design": _design,
            "territories make-current": _make_current,
            "territories move": _see_territories,
        },
    ),
    TabSpec(
        "commissions",
        "Commissions",
        "money",
        _commissions,
        _commission_commands,
        {"commissions run": _calculate, "commissions starter-plans": _starter_plans},
    ),
    TabSpec(
        "forecast",
        "Forecast",
        "chart",
        _forecast,
        _forecast_commands,
        {"forecast run": _keep_forecast, "forecast list": _kept_forecasts},
    ),
    TabSpec("performance", "Performance", "gauge", _performance, _performance_commands, {"kpis": _kpis}),
)
