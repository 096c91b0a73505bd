"""Plan, change, prove, retire: the only package that changes a tenant."""
