"""What people and scripts see of what is stored."""
