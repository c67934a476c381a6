"""Whatever writes into a store or breaks the way to one, and puts it right again."""
