"""`make demo`: five runs on five commits of the sample, each with its proof."""
