"""The owner's records: where they are read from, what they are called, what cannot be read."""
