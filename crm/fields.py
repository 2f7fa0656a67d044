"""Exact decimals that SQLite and PostgreSQL add up alike."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator
from django.db import models
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _


class FixedPointField(models.BigIntegerField):
    """An exact decimal, stored as the whole number of its smallest unit.

    With ``places=2`` a ``Decimal`` in yuan is kept as fen, up to 92 quadrillion yuan.
    SQLite sums NUMERIC columns through floating point; whole numbers it sums exactly,
    as PostgreSQL does, and both compare and index them faster (docs/adr/0003).

    Python sees ``Decimal`` everywhere, in values read, in filters and in aggregates.
    A float is refused (``TypeError``), and so is a value with more decimals than
    ``places`` (``ValueError``): nothing is rounded on its way into the database.
    """

    description = _("定点小数")

    # What the type checker's plug-in takes for the field's values.
    _pyi_private_set_type: Decimal | int | str | Combinable  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def __init__(self, *args: Any, places: int = 2, **kwargs: Any) -> None:
        self.places = places
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "places": self.places}

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, float):
            raise TypeError(f"{self.name}: a float is not exact; pass a Decimal, an int or text")
        try:
            return Decimal(str(value))
        except ArithmeticError as error:
            raise ValidationError(
                _("“%(value)s”不是数字"), code="invalid", params={"value": value}
            ) from error

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if isinstance(value, float):
            raise TypeError(f"{self.name}: a float is not exact; pass a Decimal, an int or text")
        scaled = Decimal(value).scaleb(self.places)
        whole = int(scaled)
        if whole != scaled:
            raise ValueError(f"{self.name}: {value} has more than {self.places} decimals")
        return whole

    @property
    def validators(self) -> list[Any]:
        """The field's own: the base class would compare yuan with the range of fen."""
        decimals = DecimalValidator(max_digits=None, decimal_places=self.places)
        return [*self.default_validators, decimals, *self._validators]  # type: ignore[attr-defined]

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(
            self,
            **{
                "form_class": forms.DecimalField,
                "decimal_places": self.places,
                "max_digits": 18,
                **kwargs,
            },
        )
