"""Claimed receipts by contract, and the ERP orders of a contract: read-only projections."""
