"""The Focus Server under load: `make load SHAPE=spike`, by Locust, with the suite's own look into the stores."""
