"""Microsoft Graph v1.0 and beta, as far as a migration from secrets needs them."""
