"""Answers as candidates would write them, for tests that need words and not a verdict."""

from deployments.evaluation.material import TWO_CITIES

__all__ = ["CHINESE", "LEADER", "TWO_CITIES", "VAGUE"]

LEADER = (
    "Last year I was the project lead for our campus fair. We had only three weeks and two volunteers. "
    "I split the work into daily checklists, called twelve sponsors myself and moved the sign-up online. "
    "In the end 430 students came, 30 percent more than the year before, and we stayed under budget."
)
VAGUE = "I am a very good leader and people like me. Teamwork is important to me. I always do my best."
CHINESE = (
    "去年我负责社团的招新工作，当时只有两周时间，人手也不够。我先把任务拆成每天的清单，"
    "又亲自联系了十二家赞助商，还把报名改到了线上。最后来了四百三十人，比前一年多了三成。"
)
