"""What files of history may hold: the fields of each kind, and the headings by which they are recognised (LD1.6)."""

from __future__ import annotations

from leads.imports.row_rules import Form

_CODE = ("客户编号", "客户代码", "customer_code", "customercode", "customerno")
_NAME = ("客户名称", "公司名称", "企业名称", "单位名称", "customer_name", "customername", "company_name", "name")
_USCC = ("统一社会信用代码", "信用代码", "税号", "uscc", "creditcode")
_WHOSE = {"customer_code": _CODE, "customer_name": _NAME, "uscc": _USCC}

CUSTOMERS = Form(
    "customers",
    {
        "name": _NAME,
        "customer_code": _CODE,
        "uscc": _USCC,
        "phone": ("电话", "联系电话", "公司电话", "phone", "tel"),
        "customer_class": ("客户类型", "客户类别", "customer_class", "class"),
        "grade": ("等级", "级别", "客户等级", "grade"),
        "industry": ("行业", "所属行业", "industry"),
        "size": ("企业规模", "规模", "size"),
        "province": ("省份", "省", "province"),
        "city": ("城市", "市", "所在城市", "city"),
        "address": ("地址", "详细地址", "address"),
        "needs": ("需求", "需求描述", "needs"),
        "owner_id": ("负责人工号", "工号", "业务员工号", "owner_id", "ownerid"),
        "since": ("成为客户日期", "建档日期", "合作日期", "since"),
    },
    ("name",),
)
CONTACTS = Form(
    "contacts",
    _WHOSE
    | {
        "name": ("联系人", "联系人姓名", "姓名", "contact_name", "contact"),
        "title": ("职务", "职位", "title"),
        "role": ("决策角色", "角色", "role"),
        "reports_to": ("上级", "汇报对象", "reports_to", "reportsto"),
        "phone": ("手机", "手机号", "电话", "联系电话", "phone", "mobile"),
        "wecom_id": ("企业微信id", "企微id", "外部联系人id", "wecom_id", "wecom"),
        "email": ("邮箱", "电子邮箱", "email"),
        "primary": ("首要联系人", "主联系人", "primary"),
    },
    ("name",),
)
FOLLOW_UPS = Form(
    "follow_ups",
    _WHOSE
    | {
        "at": ("跟进时间", "跟进日期", "时间", "日期", "at", "date", "time"),
        "channel": ("跟进方式", "方式", "渠道", "channel"),
        "text": ("跟进内容", "内容", "跟进记录", "text", "content", "notes"),
        "by": ("跟进人工号", "工号", "by", "employee_id"),
        "need": ("需求", "客户需求", "need"),
        "next_step": ("下一步", "下一步计划", "next_step", "nextstep"),
        "external_id": ("原系统编号", "记录编号", "external_id", "externalid"),
    },
    ("at", "text"),
)
ORDERS = Form(
    "orders",
    _WHOSE
    | {
        "order_number": ("订单号", "订单编号", "order_number", "ordernumber", "orderno"),
        "contract_number": ("合同号", "合同编号", "contract_number", "contractnumber"),
        "amount": ("金额", "订单金额", "金额（元）", "金额(元)", "amount"),
        "signed_on": ("签订日期", "下单日期", "订单日期", "signed_on", "date"),
        "store": ("门店", "门店编号", "store"),
        "salesperson_id": ("业务员工号", "工号", "salesperson_id", "salesperson"),
    },
    ("order_number", "amount", "signed_on"),
)
