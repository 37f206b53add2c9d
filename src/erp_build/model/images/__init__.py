"""Images, their scans, and what is judged of them."""
