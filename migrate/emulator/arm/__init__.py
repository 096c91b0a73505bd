"""Azure Resource Manager and Azure Resource Graph, free of any web framework."""
