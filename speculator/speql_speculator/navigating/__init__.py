"""What names in a text mean and where else they stand: for looking around in it and for renaming."""
