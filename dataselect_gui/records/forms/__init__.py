"""The forms in which records leave."""
