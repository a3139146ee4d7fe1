"""What no design can beat: unavoidable imbalance, the shortest distance, the least that changes hands."""

from salesops_desktop.territory.bounds.certificate import certify
from salesops_desktop.territory.bounds.records import BalanceBound, Certificate, DistanceBound, MovedBound

__all__ = ["BalanceBound", "Certificate", "DistanceBound", "MovedBound", "certify"]
