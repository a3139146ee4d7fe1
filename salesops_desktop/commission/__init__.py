"""Incentive plans, their calculation and its trace: arrays in, payouts out."""
