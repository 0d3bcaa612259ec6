"""The page and what it may do: our scripts and style sheets, and nothing else can load or run."""

from html import escape

_HTML = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="dark light" />
    <title>SpeQL</title>
    <link rel="icon" href="/assets/icon.svg" />
    <link rel="stylesheet" href="/assets/play.css" />
  </head>
  <body>
    <noscript>SpeQL needs JavaScript: it is all served from this machine.</noscript>
    <script nonce="{nonce}" src="/assets/play.js" data-chart="/assets/chart.js" data-nonce="{nonce}"></script>
  </body>
</html>
"""

COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer: no other page gets at it, and the address with its token is told to nobody."""


def page_html(nonce: str) -> str:
    """The page. The nonce is another one each time; the page's script reads it, for what it makes itself."""
    return _HTML.format(nonce=escape(nonce, quote=True))


def page_policy(nonce: str, host: str) -> str:
    """The page's content security policy. ``host`` is what the browser calls this server, checked before."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            f"connect-src 'self' ws://{host}",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )
