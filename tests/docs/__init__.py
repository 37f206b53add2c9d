"""Tests of what people read: README, pages, the commands and examples in them."""
