"""The Commissions tab."""
