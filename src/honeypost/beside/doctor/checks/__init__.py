"""The checks of the doctor, one subject a file."""
