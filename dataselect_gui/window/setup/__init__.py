"""The start page, the Setup place, scoring, and the deletion of a project."""
