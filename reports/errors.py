"""What can go wrong while writing a report.

ReportError
|-- UnknownFormatError   no file reports/formats/to_<name>.py
`-- UnwritableError      the place for the report cannot be written
"""


class ReportError(Exception):
    """Base of every error of this package; the message says what failed, on what, and what to do next."""


class UnknownFormatError(ReportError):
    """Nobody writes this format."""


class UnwritableError(ReportError):
    """The report could not be put in its place; what stood there before still does."""
