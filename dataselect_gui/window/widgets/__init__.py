"""What several places show; it knows nothing of the state or of any place."""
