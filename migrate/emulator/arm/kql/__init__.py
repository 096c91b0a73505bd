"""The part of the Kusto query language that the embedded Azure Resource Graph understands, properly parsed.

Source: pages "Understanding the Azure Resource Graph query language" and the Kusto reference of each operator. What is
not in the subset is refused as a query that does not parse, with the place and the word.
"""
