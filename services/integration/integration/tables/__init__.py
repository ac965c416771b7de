"""The schema of integration, a page per group of features."""

from integration.tables.api_keys import api_key
from integration.tables.back_entries import back_entry
from integration.tables.bank import (
    bank_account,
    bank_chain,
    bank_entry,
    bank_line,
    bank_statement,
    claim,
    known_payer,
)
from integration.tables.board import board_mark, board_row
from integration.tables.bridge import outside_figure, outside_row
from integration.tables.directory import directory_revision, directory_state, duty_grant, employee, unit
from integration.tables.drafts import bank_draft
from integration.tables.erp import erp_delivery, erp_invoice, erp_schedule, erp_stock, service_call
from integration.tables.feeds import feed, feed_alert, feed_run, quarantine
from integration.tables.messages import (
    approval,
    callback_nonce,
    conversation_message,
    delivery,
    notification,
    phone_call,
)
from integration.tables.metadata import metadata
from integration.tables.pos import pos_customer, pos_line, pos_month
from integration.tables.products import product
from integration.tables.promotions import promotion
from integration.tables.registry import watched_company
from integration.tables.sales import erp_order, pos_load, pos_sale, receivable
from integration.tables.tenders import tender, tender_notice

__all__ = [
    "api_key",
    "approval",
    "back_entry",
    "bank_account",
    "bank_chain",
    "bank_draft",
    "bank_entry",
    "bank_line",
    "bank_statement",
    "board_mark",
    "board_row",
    "callback_nonce",
    "claim",
    "conversation_message",
    "delivery",
    "directory_revision",
    "directory_state",
    "duty_grant",
    "employee",
    "erp_delivery",
    "erp_invoice",
    "erp_order",
    "erp_schedule",
    "erp_stock",
    "feed",
    "feed_alert",
    "feed_run",
    "known_payer",
    "metadata",
    "notification",
    "outside_figure",
    "outside_row",
    "phone_call",
    "pos_customer",
    "pos_line",
    "pos_load",
    "pos_month",
    "pos_sale",
    "product",
    "promotion",
    "quarantine",
    "receivable",
    "service_call",
    "tender",
    "tender_notice",
    "unit",
    "watched_company",
]
