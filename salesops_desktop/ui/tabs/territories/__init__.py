"""The Territories tab."""
