"""What exists in a tenant: read only."""
