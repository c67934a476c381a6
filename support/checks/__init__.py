"""What answers and stores must show. `…_problems` lists what is wrong, `expect_…` fails."""
