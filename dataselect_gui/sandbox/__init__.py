"""Confine a process that touches what strangers made, before it touches it. The lowest room of all."""
