"""What the tests need of the outside world."""
