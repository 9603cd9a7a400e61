"""What every long piece of work has: a kind with its texts, progress, a way to stop it, a fault log."""
