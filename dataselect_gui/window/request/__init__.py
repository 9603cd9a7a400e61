"""The page “Prepare a request”, for a consortium."""
