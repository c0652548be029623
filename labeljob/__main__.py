"""`python -m labeljob`."""

from labeljob.cli import main

main()
