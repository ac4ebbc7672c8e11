"""What each kind of model is; each kind is a room with the same doors."""
