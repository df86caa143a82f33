"""What a user would pick instead: other serving frameworks around the same pipeline. See docs/yardsticks.md."""
