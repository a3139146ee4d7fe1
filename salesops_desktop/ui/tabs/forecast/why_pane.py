"""Why a deal has its chance: the steps from the usual chance to its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.forecast.pipeline_charts import why_rows
from salesops_desktop.ui.tabs.words_box import WordsBox, heading, words
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecasts import PipelineForecast


class WhyPane(WordsBox):
    """The steps of one deal under each other: sentence, factor, chance so far.

    Args:
        formats: how figures are written.
    """

    def __init__(self, formats: Formats) -> None:
        super().__init__(tr("Why this chance"))
        self._formats = formats
        self.title = heading(tr("Choose a deal"))
        self.about = words(tr("The steps that make its chance of a win within the period are shown here."))
        self._body = QWidget()
        self._grid = QGridLayout(self._body)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.tokens().spacing["l"])
        self._grid.setVerticalSpacing(theme.tokens().spacing["m"])
        self._grid.setColumnStretch(0, 1)
        self.rows: list[tuple[QLabel, QLabel, QLabel]] = []
        for part in (self.title, self.about, self._body):
            self.column.addWidget(part)
        self.end()

    def show_deal(self, pipeline: PipelineForecast, deal: int, name: str) -> None:
        """Show the steps of a deal."""
        steps = why_rows(pipeline, deal, self._formats)
        self.title.setText(name)
        last = steps[-1][2] if steps else "–"
        self.about.setText(
            tr("Chance of a win within {period}: {chance}. The factors multiply to it.", chance=last,
               period=pipeline.period.label)
            if steps
            else tr("Nothing is known of this deal's chance.")
        )  # fmt: skip
        while len(self.rows) < len(steps):
            self._add_row()
        for place, row in enumerate(self.rows):
            texts = steps[place] if place < len(steps) else ("", "", "")
            for label, text in zip(row, texts, strict=True):
                label.setText(text)
                label.setVisible(bool(text))
        self.setAccessibleDescription(" ".join(f"{a} {b} {c}".strip() for a, b, c in steps))

    def _add_row(self) -> None:
        row = (words(muted=False), QLabel(), QLabel())
        for column, label in enumerate(row):
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            label.setAlignment(side | Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(label, len(self.rows), column)
        theme.dress(row[1], tone="text_muted")
        theme.dress(row[2], role="strong")
        self.rows.append(row)
