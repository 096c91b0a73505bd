"""What people read of a plan before they let it act: one block for each application, and what changed since. Pure."""
