"""The sales-operations KPIs: definitions and their calculation."""
