"""Records that print as they are written: without what is as always."""

from dataclasses import MISSING, Field, fields
from typing import Any


class Brief:
    """A dataclass whose text leaves out the fields that have their default, and can be run as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        told = []
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if value != _default(field):
                told.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(told)})"


def _default(field: "Field[Any]") -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
