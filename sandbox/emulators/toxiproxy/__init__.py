"""An emulator of Toxiproxy 2: TCP proxies that can be told to fail, by the part of its HTTP API that is used here."""
