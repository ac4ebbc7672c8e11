"""What is likely to be sent next: context tower, drafts, one calibrated probability an answer."""
