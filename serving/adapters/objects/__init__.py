"""Object stores over obstore: a folder, or S3 and what speaks like it."""
