"""The report page: an assessment in, one self-contained HTML file out."""

from serving.report.render import render_report

__all__ = ["render_report"]
