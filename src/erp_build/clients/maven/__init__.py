"""Maven, its folders, and the jars that it makes."""
