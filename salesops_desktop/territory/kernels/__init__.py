"""Compiled loops of the territory engine; importing one compiles it, or reads what was compiled before."""
