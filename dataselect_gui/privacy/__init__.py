"""Mechanisms, accounting and the ledger: what leaks, bounded and written down."""
