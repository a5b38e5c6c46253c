"""What is supposed of a person: another visit, and the result of a test that is missing."""
