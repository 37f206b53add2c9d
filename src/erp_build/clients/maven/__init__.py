"""Maven: its calls, its output, its locks and JDKs, and the jars that it makes."""
