"""One record in the place of the gallery: as large as there is room, or laid out to read."""
