"""TEXT: bytes to tables of rows and back, losing nothing; knows Markdown, not tasks."""
