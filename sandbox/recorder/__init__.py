"""The SEGY recorder: it writes to a Focus Server's MongoDB what has been recorded, and what is being recorded."""
