"""What a job and the process that runs it know of each other: command lines, last words, when to end."""
