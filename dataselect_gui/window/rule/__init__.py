"""The page of rules on one record: conditions that all must hold, and a share that is kept."""
