"""What is refused when figures are bridged."""

from __future__ import annotations

from chassis.errors import InvalidInput, NotFound


class OutsideFigureNotFound(NotFound):
    en = "There is no figure {figure_id} from outside."
    zh = "外部数字 {figure_id} 不存在。"


class OtherPeriod(InvalidInput):
    en = "The figure {name} is of {first} to {last}."
    zh = "外部数字 {name} 的期间为 {first} 至 {last}。"


class NoFigure(InvalidInput):
    en = "A figure needs a total, or a file with its rows."
    zh = "须提供合计金额或明细文件。"


class NotAListOfRows(InvalidInput):
    en = "The file is not a CSV with date, serial, amount, payer ({why})."
    zh = "文件不是包含日期、流水号、金额、付款人列的 CSV（{why}）。"
