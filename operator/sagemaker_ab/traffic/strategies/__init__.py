"""One module for each traffic strategy."""
