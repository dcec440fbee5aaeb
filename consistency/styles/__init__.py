"""Style as measurements, and transferred on pixels."""
