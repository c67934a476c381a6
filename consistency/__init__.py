"""A history check in the manner of Jepsen: clients work while parts fail, and the stores must agree with answers."""
