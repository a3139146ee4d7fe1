"""The tokens keep text readable and categories apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from salesops_desktop.model.tokens import contrast, load_tokens, rgb, text_on

READ_ON = [
    ("text", "window"),
    ("text", "surface"),
    ("text", "surface_alternate"),
    ("text", "surface_raised"),
    ("text", "control"),
    ("text", "header"),
    ("text", "hover"),
    ("text_muted", "window"),
    ("text_muted", "surface"),
    ("text_muted", "surface_alternate"),
    ("text_muted", "surface_raised"),
    ("text_muted", "header"),
    ("accent_text", "accent"),
    ("accent", "surface"),
    ("selection_text", "selection"),
    ("link", "surface"),
    ("link", "window"),
    ("tooltip_text", "tooltip"),
    *[(status, f"{status}_surface") for status in ("info", "success", "warning", "error")],
    *[("text", f"{status}_surface") for status in ("info", "success", "warning", "error")],
    *[(status, "surface") for status in ("info", "success", "warning", "error")],
]

# Machado, Oliveira & Fernandes 2009, severity 1.0.
PROTAN = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTAN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), READ_ON)
def test_text_reads(name, ink, paper):
    tokens = load_tokens(name)
    assert contrast(tokens.color(ink), tokens.color(paper)) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_focus_and_borders_show(name):
    tokens = load_tokens(name)
    assert contrast(tokens.color("focus"), tokens.color("window")) >= 3
    assert contrast(tokens.color("border_strong"), tokens.color("surface")) >= 3


def test_both_themes_have_the_same_roles():
    assert set(load_tokens("light").colors) == set(load_tokens("dark").colors)


def oklab(colors: list[str], matrix: list[list[float]] | None = None) -> np.ndarray:
    srgb = np.array([rgb(c) for c in colors]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    if matrix is not None:
        linear = np.clip(linear @ np.array(matrix).T, 0, 1)
    lms = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.cbrt(np.clip(lms, 0, None)) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )


@pytest.mark.parametrize("matrix", [None, PROTAN, DEUTAN], ids=["full", "protan", "deutan"])
def test_categories_differ_for_every_eye(matrix):
    lab = oklab(list(load_tokens("light").palette), matrix)
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2)]
    assert min(distances) > 0.1


@pytest.mark.parametrize("name", ["light", "dark"])
def test_categories_show_on_both_grounds(name):
    tokens = load_tokens(name)
    for color in tokens.palette:
        assert contrast(color, tokens.color("map_land")) >= 1.6
        assert contrast(text_on(color), color) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_lines_stand_out(name):
    tokens = load_tokens(name)
    assert all(contrast(tokens.line_color(i), tokens.color("surface")) >= 3 for i in range(36))


def test_categories_never_run_out():
    colors = load_tokens("light").categories(36)
    assert len(set(colors)) == 36


def test_ramps_go_one_way():
    for name in ("light", "dark"):
        lightness = oklab(list(load_tokens(name).sequential))[:, 0]
        steps = np.diff(lightness)
        assert (steps < 0).all() or (steps > 0).all()


def test_unknown_theme_and_role():
    with pytest.raises(KeyError):
        load_tokens("sepia")
    with pytest.raises(KeyError):
        load_tokens("light").color("nope")
