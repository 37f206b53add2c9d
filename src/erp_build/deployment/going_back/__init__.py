"""The ways back: after a failure, by hand, and from a release that was left pending."""
