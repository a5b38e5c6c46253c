"""What the page needs beside the answer: its files, what is pasted into it and drawn, what another visit would change."""
