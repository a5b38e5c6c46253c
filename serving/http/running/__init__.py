"""What a server runs on: its address, its models of the moment, and how it begins and ends."""
