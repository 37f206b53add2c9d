"""Values files of Helm: read as Helm reads them, edited byte for byte."""
