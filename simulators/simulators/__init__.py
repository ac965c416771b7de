"""Simulators: bank, ERP, HR, WeCom, SMTP in their real formats, faults on command."""
