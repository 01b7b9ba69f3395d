"""A mailbox for development: an SMTP server that keeps every mail, and pages and JSON to look at them."""
