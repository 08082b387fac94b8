"""From the modality to a submission: receiving durably, and putting exams together."""
