"""The append-only record of every act, and its seals. Knows only Django; every other app may write to it."""
