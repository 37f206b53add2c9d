"""What is looked at behind a deployment, beside what runs: alarms, logs, traces, load balancers, checks of the user."""
