"""The Explore place: the records, how their scores are distributed, and one record large."""
