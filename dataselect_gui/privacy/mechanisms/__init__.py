"""The mechanisms: one module each, with a page beside it that argues why its promise holds."""
