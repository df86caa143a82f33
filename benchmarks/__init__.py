"""What is fast and what is not: run by hand, never by tests."""
