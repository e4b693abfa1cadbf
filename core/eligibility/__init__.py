"""Applications in, decisions out (资格核验): one person with every step, a million as arrays; recorded and replayed."""

__all__ = [
    "answers",
    "applications",
    "closing",
    "decisions",
    "drafts",
    "evidence",
    "printed",
    "replay",
    "sheet",
    "trial",
]
