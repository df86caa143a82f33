"""PostgreSQL: connections, transactions, records, the queue, the schema and the embedded server."""
