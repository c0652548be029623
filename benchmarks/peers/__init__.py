"""Other libraries on the seeded work, each through its own interface. A module here is imported in its library's environment alone."""
