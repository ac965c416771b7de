"""Whom a record is about: leads and customers as leads told them, found by id, phone or chat id."""
