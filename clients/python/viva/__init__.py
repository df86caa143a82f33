"""Generated from clients/proto; do not edit."""
