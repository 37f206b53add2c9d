"""One room per external system: the only place that imports its SDK or starts its program."""
