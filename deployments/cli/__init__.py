"""The `viva` command. Each command is imported when it runs: `viva score` never loads Ray."""
