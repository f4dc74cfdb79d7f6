"""One analysis by a model, with either SDK: prompt, call, check, one repair. No database, no clock."""

from __future__ import annotations

from dataclasses import replace

from audit.redaction import Redactor
from integrations.errors import IntegrationError
from rca.answers import AnswerError, Terms, read_answer, response_schema
from rca.case import Case, Finding, Transcript
from rca.error_names import codes_in, known_entries
from rca.prompts import PROMPT_VERSION, build_prompt, redacted, repair_text
from rca.providers.gemini.asking import Ask, ModelRequest
from rca.providers.gemini.config import VENDOR, GeminiConfig
from rca.providers.gemini.replies import ModelReply


class ModelProvider:
    """A `TracedProvider`: `analyse` answers, `explain` also fills in what was sent and what it cost."""

    def __init__(self, name: str, ask: Ask) -> None:
        self.name = name
        self._ask = ask

    def analyse(self, case: Case) -> Finding:
        return self.explain(case, Transcript())

    def explain(self, case: Case, transcript: Transcript) -> Finding:
        """Raises IntegrationError when no usable answer came; the transcript then tells how far it got."""
        config = GeminiConfig.from_settings()
        redactor = Redactor()
        case = redacted(case, redactor)
        codes = codes_in(case)
        prompt = build_prompt(case, known_entries(codes))
        terms = Terms(codes, prompt.numbers)
        request = ModelRequest(prompt.system, prompt.text, response_schema(terms))
        transcript.model, transcript.prompt_version = config.model, PROMPT_VERSION
        transcript.prompt_sent = prompt.sent
        try:
            return self._read(self._asked(config, request, transcript), terms, redactor)
        except AnswerError as refusal:
            second = replace(request, prompt=repair_text(prompt, str(refusal)))
        transcript.was_repaired = True
        transcript.prompt_sent = f"{prompt.system}\n\n{second.prompt}"
        try:
            return self._read(self._asked(config, second, transcript), terms, redactor)
        except AnswerError as refusal:
            raise IntegrationError(
                f"{VENDOR}: two answers could not be used. {refusal}",
                vendor=VENDOR,
                permanent=True,
                code="bad_answer",
                advice="Another model in MODEL_ID may keep to the schema; the rules' finding stands.",
            ) from None

    def _asked(self, config: GeminiConfig, request: ModelRequest, transcript: Transcript) -> ModelReply:
        reply = self._ask(config, request)
        transcript.add_tokens(reply.input_tokens, reply.output_tokens)
        transcript.model = reply.model or transcript.model
        return reply

    def _read(self, reply: ModelReply, terms: Terms, redactor: Redactor) -> Finding:
        return read_answer(reply.text, terms, provider=self.name, restore=redactor.restore)
