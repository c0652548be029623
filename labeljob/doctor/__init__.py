"""What would make a labeling job fail late, found early."""
