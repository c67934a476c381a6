"""What the people read who never run behave: which test case is shown by which scenario, and how the last run went."""
