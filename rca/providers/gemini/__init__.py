"""Gemini, spoken through either of its maker's two SDKs: one question, one answer, one kind of error.

Each SDK is imported by one module of this package only (`legacy_sdk`, `genai_sdk`), and those modules are
imported by the provider registry on first use: they cost most of a second and tens of megabytes.
"""
