"""One ERP each: its names, its AWS resources and rights, and what of it is really deployed."""
