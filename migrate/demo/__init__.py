"""The whole migration against an embedded tenant, with services that really run."""
