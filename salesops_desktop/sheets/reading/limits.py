"""The limits within which a file from outside is read."""

from __future__ import annotations

from typing import Final

MEMORY_BYTES: Final = 1_500_000_000
"""Address space of the child that parses."""

MAX_FILE_BYTES: Final = 4_000_000_000
MAX_TEXT_LINES: Final = 5_000_000
MAX_TEXT_COLUMNS: Final = 16_384
MAX_FIELD_CHARS: Final = 10_000_000
EXCEL_CELL_CHARS: Final = 32_767

MAX_ENTRIES: Final = 5_000
MAX_UNPACKED_BYTES: Final = 1_500_000_000
RATIO_LIMIT: Final = 100
"""Honest workbooks stay below 32:1, bombs start near 400:1; Apache POI draws the line at the same place."""
RATIO_MATTERS_ABOVE: Final = 10_000_000

MAX_CELLS: Final = 12_000_000
"""Cells of one sheet's used range that fit the memory limit."""
MAX_FAST_CELLS: Final = 6_000_000
"""Cells of one sheet that the fast engine, which holds them all, can read within the memory limit (measured: 10 million
cannot); bigger ones are streamed by the slow one."""
MAX_SLOW_CELLS: Final = 25_000_000
MAX_STREAMED_CELLS: Final = 2_000_000
"""Cells of a sparse sheet that the slow, streaming engine may read."""

HEAD_ROWS: Final = 200
TAIL_ROWS: Final = 60
CHUNK_ROWS: Final = 20_000
SAMPLE_ROWS: Final = 50
SAMPLE_CELLS: Final = 20_000
SAMPLE_CHARS: Final = 200
DISTINCT_CAP: Final = 10_000
CACHE_CAP: Final = 50_000
"""Different values of a column whose classification or conversion is remembered."""
MAX_ISSUES_PER_COLUMN: Final = 20_000
"""Bad cells of one column listed one by one; further ones are counted in a last line."""

BASE_SECONDS: Final = 9.0
"""CPU seconds any file gets for one step before it is called hopeless."""
BYTES_PER_SECOND: Final = 4_000_000
"""Each 4 MB of unpacked content buys one more CPU second."""
