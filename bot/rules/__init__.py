"""Decisions without I/O: values go in, values come out, and the same input always gives the same answer."""
