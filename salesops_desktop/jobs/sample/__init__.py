"""The sample company: a seeded generator of the spreadsheets that a company's systems export.

All names of people and companies are put together from word parts; any likeness is chance. Addresses are at
``example.com``. Positions are those of real towns.
"""

from salesops_desktop.jobs.sample.faults import FaultKind, SeededFault
from salesops_desktop.jobs.sample.generate import AS_OF, SampleFile, SampleFiles, generate

__all__ = ["AS_OF", "FaultKind", "SampleFile", "SampleFiles", "SeededFault", "generate"]
