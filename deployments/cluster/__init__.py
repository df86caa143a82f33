"""What several hosts need beside the application: the environment of their Ray, and the balancer in front."""
