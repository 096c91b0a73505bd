"""What still needs or sets a secret after the rewrite; one file for each kind of place."""
