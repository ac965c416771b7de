"""How a company's ERP writes its CSV exports. Versioned: a renamed column needs a new version, not a release (N1.1)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation

_SHARED = {
    "客户编码": "CustomerCode", "客户编号": "CustomerCode", "客户名称": "CustomerName", "合同号": "ContractNo",
    "合同编号": "ContractNo", "订单号": "OrderId", "销售订单号": "OrderId", "币种": "Currency", "金额": "Amount",
    "版本号": "Version", "版本": "Version", "状态": "Status", "产品编码": "ProductCode", "产品名称": "ProductName",
    "数量": "Quantity",
}  # fmt: skip
_OF_FEED = {
    "erp_orders": {
        "业务员工号": "SalespersonId", "订单金额": "TotalAmount", "价税合计": "TotalAmount", "签订时间": "SignedAt",
        "签订日期": "SignedAt", "取消时间": "CancelledAt", "技术服务": "TechnicalService",
        "产品编码": "Lines.ProductCode", "产品名称": "Lines.ProductName", "数量": "Lines.Quantity",
        "行金额": "Lines.Amount",
    },
    "erp_receivables": {
        "应收单号": "ReceivableId", "业务员工号": "SalespersonId", "应收金额": "Amount", "到期日": "DueOn",
        "虚拟账号": "VirtualAccount", "付款单位": "PayerNames",
    },
    "erp_products": {
        "类别": "Category", "单位": "Unit", "目录价": "ListPrice", "注册证号": "RegistrationNo",
        "注册证有效期至": "RegistrationExpiresOn", "在售": "Active",
    },
    "erp_deliveries": {
        "发货单号": "DeliveryId", "发货日期": "DeliveredOn", "发货金额": "Amount", "运单号": "WaybillNo",
    },
    "erp_invoices": {
        "发票单号": "InvoiceId", "发票号码": "InvoiceNo", "开票日期": "IssuedOn", "价税合计": "Amount",
        "发票类型": "Kind", "对应蓝字发票": "RedOf",
    },
    "erp_schedules": {
        "排产单号": "ScheduleId", "开工日期": "StartsOn", "完工日期": "ReadyOn", "工厂": "Plant",
    },
    "erp_stock": {
        "库存记录号": "StockId", "仓库": "Warehouse", "库存数量": "Quantity", "可用数量": "Available", "单位": "Unit",
        "盘点时间": "CountedAt",
    },
    "erp_service_calls": {
        "服务单号": "CallId", "问题描述": "Subject", "工程师": "Engineer", "报修时间": "ReportedAt",
        "响应时间": "RespondedAt", "关闭时间": "ClosedAt",
    },
}  # fmt: skip
_WORDS = {
    "是": "true", "否": "false", "有效": "ACTIVE", "执行中": "ACTIVE", "已取消": "CANCELLED", "已发货": "DELIVERED",
    "蓝字": "BLUE", "蓝票": "BLUE", "红字": "RED", "红票": "RED", "正常": "ISSUED", "已开具": "ISSUED", "作废": "VOID",
    "已作废": "VOID", "已计划": "PLANNED", "已开工": "STARTED", "已完工": "FINISHED", "处理中": "OPEN",
    "已关闭": "CLOSED",
}  # fmt: skip


class ErpFilesPolicy(BaseModel):
    """`columns`: by feed, what a header means as the ERP's field; a header that is a field's name means that field.

    `Lines.X` is field X of an order's line: rows of one order that follow each other are its lines. `words`: what a
    cell of a yes-or-no or of a fixed list means.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    columns: dict[str, dict[str, str]] = Field(
        default_factory=lambda: {feed: _SHARED | columns for feed, columns in _OF_FEED.items()}
    )
    words: dict[str, str] = Field(default_factory=lambda: dict(_WORDS))
    # Several names in one cell.
    between_names: str = Field(default=";；、", min_length=1)


def check(policy: ErpFilesPolicy) -> list[Violation]:
    return [violation for feed, columns in policy.columns.items() for violation in _check(feed, columns)]


def _check(feed: str, columns: dict[str, str]) -> Iterable[Violation]:
    for header, field in columns.items():
        if not header.strip() or not field.strip():
            yield Violation(f"columns.{feed}", en="an empty header or field", zh="列名或字段名为空")
