"""A run as values that others write down: findings and a document, JSON, the body of a pull request; and a baseline."""

from codemods.report.document import document, findings, rules, table

__all__ = ["document", "findings", "rules", "table"]
