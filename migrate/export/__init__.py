"""A plan written for tools that change tenants as code: Terraform, Bicep, Azure CLI. Plan in, text out. Pure."""
