"""Writes rules/slo.yaml and dashboards/*.json. Usage: python -m deployments.monitoring"""

from __future__ import annotations

import argparse

from deployments.monitoring.files import made


def main() -> None:
    argparse.ArgumentParser(description="Write rules/slo.yaml and dashboards/*.json.").parse_args()
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
