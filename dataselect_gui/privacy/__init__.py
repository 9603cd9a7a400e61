"""Mechanisms, privacy accounting and the ledger."""
