"""The part of OData 4.0 that Graph clients use here: query options, filters and paging."""
