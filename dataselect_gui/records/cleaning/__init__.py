"""Rid files of records of everything but their pixels."""
