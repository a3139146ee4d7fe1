"""Spreadsheets in: preflight, read, detect, map, check, stage; all parsing in a killable child process."""

from salesops_desktop.sheets.reading.inspection import (
    ColumnInspection,
    EntityGuess,
    FileInspection,
    Notice,
    Option,
    PlanResult,
    Question,
    ReadOptions,
    SavedMapping,
    SheetInspection,
    SheetPlan,
    SkippedRow,
    StageRequest,
    StageResult,
    TextSettings,
)
from salesops_desktop.sheets.reading.reader import SheetReader

__all__ = [
    "ColumnInspection",
    "EntityGuess",
    "FileInspection",
    "Notice",
    "Option",
    "PlanResult",
    "Question",
    "ReadOptions",
    "SavedMapping",
    "SheetInspection",
    "SheetPlan",
    "SheetReader",
    "SkippedRow",
    "StageRequest",
    "StageResult",
    "TextSettings",
]
