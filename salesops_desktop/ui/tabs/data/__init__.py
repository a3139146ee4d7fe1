"""The Data tab: what the workspace holds, and the way spreadsheets come in."""
