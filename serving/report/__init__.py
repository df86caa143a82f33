"""The pages: an assessment, a report or a candidate's feedback in, one self-contained HTML file out."""

from serving.report.render import render_feedback, render_interview, render_notice, render_report

__all__ = ["render_feedback", "render_interview", "render_notice", "render_report"]
