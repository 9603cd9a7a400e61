"""From what a person gives to scores: the start page, the Setup place, and the end of a project."""
