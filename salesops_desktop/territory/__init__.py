"""The territory design engine: arrays in, assignment out."""
