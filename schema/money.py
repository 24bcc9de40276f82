"""Money: an exact amount and its currency."""

import strawberry

from db.money import format_amount
from schema.fields import column, computed
from schema.scalars import DecimalText
from schema.weights import weighs


@strawberry.type(description="An exact amount of money.", directives=weighs("0"))
class Money:
    """Part of its parent's row: ``embedded(amount=<column of hundredths>, currency=<column>)``."""

    amount: DecimalText = computed(format_amount, "amount", "currency")
    currency: str = column("currency", description="ISO 4217.")
