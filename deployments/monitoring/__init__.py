"""What Prometheus and Grafana are given: objectives, rules, dashboards. docs/observability.md tells how to use them.

`python -m deployments.monitoring` writes rules/slo.yaml from slos.yaml and dashboards/*.json from dashboards.yaml; a
test holds them equal.
"""
