"""What the tools promise about AWS, against an AWS in this process and against its model."""
