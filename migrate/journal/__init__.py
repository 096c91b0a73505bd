"""What was meant, done and seen, in a database that is only ever appended to."""
