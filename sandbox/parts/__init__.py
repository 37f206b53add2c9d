"""The parts that make up the sandbox, a file each."""
