"""The window: everything that imports PySide6. It calls the workflow and nothing below it."""
