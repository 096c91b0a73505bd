"""The token service: discovery documents, the token endpoint and what it verifies, and managed-identity endpoints."""
