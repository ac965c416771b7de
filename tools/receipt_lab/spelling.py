"""How names and numbers reach a bank statement: other widths, scripts and brackets, cut off, shortened, with slips."""

from __future__ import annotations

from random import Random

_TRADITIONAL = str.maketrans(
    "医疗东华电设备贸业实国广学术护华药馆济兴汇龙凤庆宁陕苏沪晋门团资产联万众达岛长阳县",
    "醫療東華電設備貿業實國廣學術護華藥館濟興匯龍鳳慶寧陝蘇滬晉門團資產聯萬眾達島長陽縣",
)
_FULL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_ASCII_BRACKETS = str.maketrans("（）", "()")
FORMS = ("股份有限公司", "有限责任公司", "有限公司")


def spelled(name: str, random: Random) -> str:
    """The same company, as another system writes it."""
    way = random.choice(("traditional", "brackets", "no brackets", "spaces", "bare", "wide", "form"))
    match way:
        case "traditional":
            return name.translate(_TRADITIONAL)
        case "brackets":
            return name.translate(_ASCII_BRACKETS)
        case "no brackets":
            return name.replace("（", "").replace("）", "")
        case "spaces":
            return f"{name[:4]} {name[4:]} "
        case "bare":
            return bare(name)
        case "wide":
            return name.translate(_FULL)
    return bare(name) + random.choice(FORMS)


def bare(name: str) -> str:
    return next((name.removesuffix(form) for form in FORMS if name.endswith(form)), name)


def cut_off(name: str, random: Random) -> str:
    """As a field of a fixed width leaves it."""
    return name[: random.randint(max(7, len(name) - 5), len(name) - 1)]


def slipped(text: str, random: Random) -> str:
    """One character other than it should be, none of them the first three."""
    at = random.randrange(3, len(text))
    other = random.choice("0123456789") if text[at].isdigit() else random.choice("新亚泰和康")
    return text[:at] + other + text[at + 1 :] if other != text[at] else slipped(text, random)


def number_written(number: str, random: Random) -> str:
    """A contract number as people type it."""
    way = random.choice(("plain", "plain", "lower", "glued", "wide", "slash", "words"))
    match way:
        case "lower":
            return f"货款 {number.lower()}"
        case "glued":
            return f"付{number.replace('-', '')}款"
        case "wide":
            return f"合同号：{number.translate(_FULL)}"
        case "slash":
            return f"{number.replace('-', '/')} 尾款"
        case "words":
            return f"支付贵司{number}合同设备款"
    return number
