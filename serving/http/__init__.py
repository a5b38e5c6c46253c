"""The HTTP edge: what a request may hold, what an answer looks like, how it is refused."""
