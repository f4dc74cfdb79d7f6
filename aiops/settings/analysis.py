"""Root cause analysis: the providers, the model and its budget."""

from __future__ import annotations

from aiops import env

RCA_PROVIDERS = env.words("RCA_PROVIDERS", ("gemini", "rules"), options=("gemini", "google-genai", "rules"))
GEMINI_API_KEY = env.text("GEMINI_API_KEY")
MODEL_ID = env.text("MODEL_ID", "models/gemini-2.5-flash")
GEMINI_API_ENDPOINT = env.url("GEMINI_API_ENDPOINT", "https://generativelanguage.googleapis.com")
GEMINI_TIMEOUT_SECONDS = env.seconds("GEMINI_TIMEOUT_SECONDS", 20, minimum=0.1, maximum=120)
RCA_FIRST_ANSWER_SECONDS = env.seconds("RCA_FIRST_ANSWER_SECONDS", 5, minimum=0, maximum=60)
RCA_REUSE_MINUTES = env.integer("RCA_REUSE_MINUTES", 30, minimum=0, maximum=1440)
RCA_CALLS_PER_MINUTE = env.integer("RCA_CALLS_PER_MINUTE", 30, minimum=1, maximum=100_000)
