"""A TCP relay that can be told to fail, in the terms of Toxiproxy 2: the part of its HTTP API that is needed here."""
