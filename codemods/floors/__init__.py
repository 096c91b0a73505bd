"""Dependency floors: where a project declares azure-identity or msal, and what must stand there."""
