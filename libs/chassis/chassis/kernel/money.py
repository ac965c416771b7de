"""Exact amounts of money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Self

FEN_PER_YUAN = 100
# Enough digits for any int64 amount times any rate that people write down.
_EXACT_DIGITS = 120


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were put together."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole fen (the smallest unit of its currency). Every operation is exact to the fen."""

    fen: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if type(self.fen) is not int:
            raise TypeError(f"fen is a whole number, not {type(self.fen).__name__}")

    @classmethod
    def of(cls, yuan: Decimal | str, currency: str = "CNY") -> Self:
        """The amount written in yuan. More than two decimals raise ValueError: rounding is the caller's decision."""
        value = Decimal(yuan)
        if not value.is_finite():
            raise ValueError(f"not an amount: {yuan}")
        fen = Fraction(value) * FEN_PER_YUAN
        if fen.denominator != 1:
            raise ValueError(f"finer than one fen: {yuan}")
        return cls(fen.numerator, currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str = "CNY") -> Money:
        """The sum; zero in `currency` when there is nothing to add."""
        total = cls(0, currency)
        for amount in amounts:
            total = total + amount
        return total

    @property
    def yuan(self) -> Decimal:
        return Decimal(self.fen).scaleb(-2)

    def times(self, factor: Decimal | int, rounding: str = ROUND_HALF_UP) -> Money:
        """The product, rounded once to the fen. Half goes away from zero unless another decimal rounding is named."""
        with localcontext() as context:
            context.prec = _EXACT_DIGITS
            product = Decimal(self.fen) * factor
            return Money(int(product.to_integral_value(rounding=rounding)), self.currency)

    def split(self, weights: Sequence[Decimal]) -> list[Money]:
        """Shares in proportion to the weights; they sum to the whole.

        Each share is cut down to the fen, then the fen left over go to the largest remainders, the first of equals
        first. Weights are not negative and not all zero, else ValueError.
        """
        if any(weight < 0 for weight in weights) or not any(weights):
            raise ValueError("weights must be at least zero and not all zero")
        whole = sum(map(Fraction, weights), Fraction(0))
        exact = [abs(self.fen) * Fraction(weight) / whole for weight in weights]
        shares = [int(share) for share in exact]
        by_remainder = sorted(range(len(exact)), key=lambda at: (shares[at] - exact[at], at))
        for at in by_remainder[: abs(self.fen) - sum(shares)]:
            shares[at] += 1
        sign = -1 if self.fen < 0 else 1
        return [Money(sign * share, self.currency) for share in shares]

    def __add__(self, other: Money) -> Money:
        return Money(self.fen + self._same(other).fen, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.fen - self._same(other).fen, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.fen, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.fen), self.currency)

    def __bool__(self) -> bool:
        return self.fen != 0

    def __lt__(self, other: Money) -> bool:
        return self.fen < self._same(other).fen

    def __le__(self, other: Money) -> bool:
        return self.fen <= self._same(other).fen

    def __gt__(self, other: Money) -> bool:
        return self.fen > self._same(other).fen

    def __ge__(self, other: Money) -> bool:
        return self.fen >= self._same(other).fen

    def __str__(self) -> str:
        return f"{self.yuan:,.2f} {self.currency}"

    def _same(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other
