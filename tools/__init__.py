"""What building, measuring and testing the project needs beside the project itself; nothing here is deployed."""
