"""One colour per variant, by its place in the resource, the same in the terminal and in the picture."""

# Ten, as many as a resource may have variants; the first ones differ for the colour-blind too, and all
# can be read on black and on white.
VARIANT_COLOURS = (
    "#2f8fe0",
    "#f08a24",
    "#2fa866",
    "#a56bd6",
    "#e0504d",
    "#18a8a8",
    "#e06fb0",
    "#a0a02c",
    "#b07a50",
    "#8a8f98",
)


def variant_colour(place: int) -> str:
    """The colour of the variant at `place`, counted from 0."""
    return VARIANT_COLOURS[place % len(VARIANT_COLOURS)]
