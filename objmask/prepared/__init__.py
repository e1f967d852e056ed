"""The process that has imported everything, and forks for each job that asks."""
