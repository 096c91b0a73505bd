"""The data plane of Azure Key Vault: secrets and their versions."""
