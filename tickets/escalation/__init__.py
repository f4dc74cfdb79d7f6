"""What is done about a breached ticket that nobody acknowledges: the steps of its team's policy, each once.

`services` decides and records; how a step is sent belongs to the layer above, which registers a sender.
"""
