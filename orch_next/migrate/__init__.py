"""MOVING HOUSE: steps that plan changes, and one frame that backs up, commits, verifies, undoes."""
