"""Does leaving out records that look wrong help? Trainings on several choices of the same records."""
