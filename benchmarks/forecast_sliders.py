"""How often the pipeline's picture is redrawn while a slider is dragged, through the real window.

Run: ``python -m benchmarks.forecast_sliders [workspace] [--seconds 5]``; without a workspace one is made.

A mouse moves a slider of the Pipeline room every 16 ms, as a dragging hand does. Counted are pictures that were painted
with a new distribution in them, on the clock; and the processor time of the process for each, with that of the thread
that paints. 4,000 outcomes of every open deal are drawn anew for each picture.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QSlider, QStyle, QStyleOptionSlider

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.sample_company import sample
from salesops_desktop.ui.app import make_application
from salesops_desktop.ui.preferences import Preferences
from salesops_desktop.ui.screens import wait_until
from salesops_desktop.ui.tabs.forecast.pipeline_pane import PipelinePane
from salesops_desktop.ui.tabs.forecast.view import ForecastView
from salesops_desktop.ui.window import Window

EVERY = 0.016
"""Seconds between two moves of the mouse."""
LEVERS = ("win_rate", "deal_size", "cycle")


class Pictures(QObject):
    """Counts the paintings of a widget that show another simulation than the one before."""

    def __init__(self, pane: PipelinePane) -> None:
        super().__init__()
        self.count = 0
        self._pane = pane
        self._last: object = None

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Look on."""
        shown = self._pane.scenario.state.shown
        if event.type() == QEvent.Type.Paint and shown is not self._last:
            self._last = shown
            self.count += 1
        return False


def opened(path: Path, scratch: Path) -> tuple[Window, PipelinePane]:
    """A window at the Pipeline room of a workspace."""
    window = Window(Preferences(scratch))
    window.resize(1366, 768)
    window.show()
    window.wake(reopen=False)
    wait_until(lambda: window.awake)
    window.open_workspace(path, read_only=True)
    wait_until(lambda: window.session.is_open)
    view = window.show_tab("forecast")
    assert isinstance(view, ForecastView)
    view.rooms.setCurrentWidget(view.pipeline)
    wait_until(lambda: not window.runner.busy and bool(view.pipeline.distribution.content.series), 600)
    return window, view.pipeline


def send(slider: QSlider, kind: QEvent.Type, at: QPoint) -> None:
    """A mouse event."""
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    where = QPointF(at)
    event = QMouseEvent(kind, where, QPointF(slider.mapToGlobal(at)), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(slider, event)


def drag(pane: PipelinePane, name: str, seconds: float) -> tuple[int, int, float, float, float]:
    """Drag a slider to and fro: (moves of the mouse, pictures, seconds, CPU seconds, of the painting thread)."""
    slider = pane.sliders.sliders[name]
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    handle = slider.style().subControlRect(
        QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    )
    pictures = Pictures(pane)
    pane.distribution._plot.viewport().installEventFilter(pictures)  # noqa: SLF001  # what is painted is counted
    send(slider, QEvent.Type.MouseButtonPress, handle.center())
    start, cpu, own = time.perf_counter(), time.process_time(), time.thread_time()
    moves, place, step, due = 0, handle.center().x(), 4, start
    while time.perf_counter() - start < seconds:
        if time.perf_counter() >= due:
            if not 12 < place + step < slider.width() - 12:
                step = -step
            place += step
            send(slider, QEvent.Type.MouseMove, QPoint(place, handle.center().y()))
            moves, due = moves + 1, due + EVERY
        QApplication.processEvents()
        time.sleep(0.0005)
    taken = time.perf_counter() - start, time.process_time() - cpu, time.thread_time() - own
    send(slider, QEvent.Type.MouseButtonRelease, QPoint(place, handle.center().y()))
    pane.distribution._plot.viewport().removeEventFilter(pictures)  # noqa: SLF001
    return moves, pictures.count, *taken


def main() -> None:
    """Measure and print one line per slider."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = make_application()
    with tempfile.TemporaryDirectory(prefix="salesops-sliders-", ignore_cleanup_errors=True) as scratch:
        path = asked.workspace
        if path is None:
            path = Path(scratch) / "Sample.salesops"
            sample(JobContext(), path)
        window, pane = opened(path, Path(scratch) / "preferences")
        many = len(pane.deals.table)
        print(f"{many:,} open deals, 4,000 outcomes; load of the machine {os.getloadavg()[0]:.1f}")
        for name in LEVERS:
            moves, count, wall, cpu, own = drag(pane, name, asked.seconds)
            print(
                f"  {name:<10} {moves / wall:5.1f} moves/s in, {count / wall:5.1f} pictures/s out; "
                f"{1000 * cpu / max(count, 1):5.1f} ms of CPU a picture, {1000 * own / max(count, 1):5.1f} of it the "
                "UI thread's"
            )
            pane.sliders.reset()
        window.close()
    app.quit()


if __name__ == "__main__":
    main()
