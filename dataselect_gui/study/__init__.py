"""Does the selection help? Trainings on picked and on random records, and a page of what came of it."""
