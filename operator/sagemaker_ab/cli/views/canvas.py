"""A canvas of braille characters: each terminal cell is two dots wide and four dots high."""

from dataclasses import dataclass, field

DOTS_ACROSS = 2
DOTS_DOWN = 4

_BRAILLE = 0x2800
# The bit of each dot, by row and column, as Unicode numbers them.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


@dataclass(frozen=True, slots=True)
class Cell:
    """One character, and the layer that was drawn on it last; None for an empty cell."""

    character: str
    layer: int | None


@dataclass(slots=True)
class BrailleCanvas:
    """Dots count from the top left; a dot outside the canvas is ignored."""

    columns: int
    rows: int
    _bits: dict[tuple[int, int], int] = field(default_factory=dict)
    _layers: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def width(self) -> int:
        return self.columns * DOTS_ACROSS

    @property
    def height(self) -> int:
        return self.rows * DOTS_DOWN

    def dot(self, *, x: int, y: int, layer: int) -> None:
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        cell = (y // DOTS_DOWN, x // DOTS_ACROSS)
        self._bits[cell] = self._bits.get(cell, 0) | _BITS[y % DOTS_DOWN][x % DOTS_ACROSS]
        self._layers[cell] = layer

    def line(self, *, x0: int, y0: int, x1: int, y1: int, layer: int) -> None:
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            part = step / steps
            self.dot(x=round(x0 + (x1 - x0) * part), y=round(y0 + (y1 - y0) * part), layer=layer)

    def cells(self) -> list[list[Cell]]:
        return [
            [
                Cell(self._character((row, column)), self._layers.get((row, column)))
                for column in range(self.columns)
            ]
            for row in range(self.rows)
        ]

    def _character(self, cell: tuple[int, int]) -> str:
        bits = self._bits.get(cell, 0)
        return chr(_BRAILLE + bits) if bits else " "
