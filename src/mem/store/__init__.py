"""Where everything but pictures is kept: one SQL text over DuckDB or PostgreSQL."""
