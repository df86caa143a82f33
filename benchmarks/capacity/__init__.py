"""What fleet a season needs: discrete-event simulation on measured service curves (docs/capacity.md)."""
