"""DataSelect: which local records to send to a shared model, and what that costs in privacy."""

__version__ = "0.1.0"
