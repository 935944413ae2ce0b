"""Any endpoint that speaks OpenAI's API, in its newer form (Responses) or the one that others learned (chat)."""
