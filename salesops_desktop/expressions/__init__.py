"""The Excel-like formula language: parse, check types, evaluate."""
