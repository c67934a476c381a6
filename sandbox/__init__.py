"""Everything that stands in for the deployed system on one machine; the suite never imports it."""
