"""The Excel-like formula language: closed, typed, exact; one syntax tree, four back-ends."""

from salesops_desktop.expressions.check import FUNCTIONS, KIND_OF, Schema, plain_name
from salesops_desktop.expressions.exact import Scalar
from salesops_desktop.expressions.formula import Formula, Outcome, compile_filter, compile_formula
from salesops_desktop.expressions.rational import Rational, Rounding
from salesops_desktop.expressions.syntax import Kind

__all__ = [
    "FUNCTIONS",
    "KIND_OF",
    "Formula",
    "Kind",
    "Outcome",
    "Rational",
    "Rounding",
    "Scalar",
    "Schema",
    "compile_filter",
    "compile_formula",
    "plain_name",
]
