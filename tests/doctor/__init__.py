"""What `doctor` finds, and that its fixes mend it."""
