"""Routing table (路由): every address answered without Streamlit, and its handler."""

from __future__ import annotations

from starlette.routing import Route

from routes import calendar, certificate, evidence, exams, health, learn, learner, moved, session, verify, words, xapi

ROUTES = [
    Route("/healthz", health.health),
    Route("/calendar/{token}.ics", calendar.subscription),
    Route("/certificate", certificate.page),
    Route("/certificate/jxjy-ca.crt", certificate.file),
    Route("/evidence/{number:int}/{ticket}/{name:path}", evidence.file),
    Route("/learn", learn.overview),
    Route("/learn/deed", learn.deed, methods=["POST"]),
    Route("/learn/{lesson:int}", learn.player),
    Route("/learn/{lesson:int}/file", learn.file),
    Route("/learn/{lesson:int}/page/{number:int}", learn.page),
    Route("/learn/assets/{name}", learner.serve),
    Route("/learn/certificate/{course:int}", learn.certificate, methods=["POST"]),
    Route("/session", session.start_session, methods=["POST"]),
    Route("/.well-known/jwks.json", verify.keys),
    Route("/.well-known/card-status", verify.status),
    Route("/.well-known/pdf-signature.pem", verify.certificates),
    Route("/.well-known/pdf-signature/{fingerprint}.cer", verify.certificate),
    Route("/offline-verifier.html", verify.offline_verifier),
    Route("/verify", verify.verify_form),
    Route("/verify", verify.verify_sent, methods=["POST"]),
    Route("/verify/{code}", verify.verify),
    Route("/verify/{code}", verify.confirm, methods=["POST"]),
    Route("/words.js", words.script),
    *exams.ROUTES,
    *xapi.ROUTES,
    *(Route(page, moved.moved) for page in moved.PAGES),
    Route("/{first:ours}/{rest:path}", moved.nowhere),
]
