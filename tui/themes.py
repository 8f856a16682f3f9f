"""Colours. Both themes use the palette of Okabe and Ito, whose colours stay apart for colour-blind eyes; every meaning
has a sign beside its colour."""

from textual.theme import Theme

_VARIABLES = {"footer-key-foreground": "#56B4E9", "footer-description-foreground": "#B8BDC5"}

THEMES = (
    Theme(
        name="l2t-dark",
        primary="#56B4E9",
        secondary="#CC79A7",
        accent="#F0E442",
        success="#33C49A",
        warning="#E69F00",
        error="#FF7A4D",
        foreground="#DDE1E6",
        background="#14171C",
        surface="#1A1E25",
        panel="#232932",
        dark=True,
        variables=_VARIABLES,
    ),
    Theme(
        name="l2t-light",
        primary="#0072B2",
        secondary="#A8487F",
        accent="#7A5C00",
        success="#00694D",
        warning="#8F6300",
        error="#B84A00",
        foreground="#1B1F24",
        background="#FBFBF9",
        surface="#F2F2EF",
        panel="#E3E4E0",
        dark=False,
        variables={"footer-key-foreground": "#0072B2", "footer-description-foreground": "#3B4149"},
    ),
)
