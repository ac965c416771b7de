"""How complete a customer's file is (LD9.1): the weight of what is there, of what is asked, in whole percent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

# What a file may lack, in words for people.
WORDS: dict[str, tuple[str, str]] = {
    "uscc": ("unified social credit code", "统一社会信用代码"),
    "customer_class": ("customer class", "客户类型"),
    "industry": ("industry", "行业"),
    "size": ("size", "企业规模"),
    "region": ("province and city", "省份和城市"),
    "address": ("address", "地址"),
    "phone": ("phone number", "电话"),
    "needs": ("needs", "需求"),
    "decision_maker": ("a decision maker in the decision chain", "决策链中的决策人"),
    "primary_contact": ("a primary contact with phone or WeCom", "有电话或企业微信的首要联系人"),
    "qualification": ("a valid qualification", "有效的资质证照"),
    "product_certificate": ("a valid product certificate", "有效的产品证书"),
}


@dataclass(frozen=True)
class FileFacts:
    """What a file holds, as far as completeness asks. `qualification` and `product_certificate`: one that is valid."""

    customer_class: str = ""
    uscc: str = ""
    industry: str = ""
    size: str = ""
    province: str = ""
    city: str = ""
    address: str = ""
    phone: str = ""
    needs: str = ""
    decision_maker: bool = False
    primary_contact: bool = False
    qualification: bool = False
    product_certificate: bool = False

    def has(self, field: str) -> bool:
        return bool(self.province and self.city) if field == "region" else bool(getattr(self, field))


@dataclass(frozen=True)
class Completeness:
    """`missing`: keys of WORDS, the heaviest first."""

    percent: int
    missing: tuple[str, ...]

    def words(self) -> list[tuple[str, str]]:
        """What is missing, in English and Chinese."""
        return [WORDS[each] for each in self.missing]


def completeness(
    facts: FileFacts, weights: Mapping[str, int], not_asked: Mapping[str, Collection[str]]
) -> Completeness:
    """`weights` by field; `not_asked`: customer class → fields. Rounded down, so that 100 means nothing is missing."""
    spared = not_asked.get(facts.customer_class, ())
    asked = {field: weight for field, weight in weights.items() if weight > 0 and field not in spared}
    missing = sorted((each for each in asked if not facts.has(each)), key=lambda each: (-asked[each], each))
    whole = sum(asked.values())
    held = whole - sum(asked[each] for each in missing)
    return Completeness(held * 100 // whole if whole else 100, tuple(missing))
