"""DataSelect: what local records are worth to a shared model, and what they cost in privacy."""

__version__ = "0.1.0"
