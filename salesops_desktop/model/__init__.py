"""The vocabulary: money, periods, enumerations, typed records. Imports nothing of ours."""
