"""Kept answers: which operations' answers may be kept, for whom, and until when; how they are kept and given again."""
