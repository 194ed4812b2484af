"""What `butcher analyze` says: every fact that is known of a method."""

from butcher.compiler.report.gather import Report, analyze, report

__all__ = ["Report", "analyze", "report"]
