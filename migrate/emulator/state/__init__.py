"""What the tenant holds: frozen records, the tables they live in, and the rules for changing them."""
