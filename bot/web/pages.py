"""What resident pages share: templates, safe headers, and the few words of the frame."""

from functools import cache
from hashlib import sha256

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from bot.web import STATIC, TEMPLATES
from handlers.context import Office

# No script, no foreign host, nothing inline: a page is text, one style sheet and drawn bars.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@cache
def static_version(name: str) -> str:
    """Eight characters of the file's hash, so that a phone fetches a changed style sheet anew."""
    return sha256((STATIC / name).read_bytes()).hexdigest()[:8]


def render(template: str, office: Office, *, status: int = 200, **values: object) -> HTMLResponse:
    """A whole page from a template that extends `base.html`."""
    body = templates.get_template(template).render(
        community=office.name,
        phone=office.phone,
        hours=office.hours,
        style=f"/static/resident.css?v={static_version('resident.css')}",
        **values,
    )
    return HTMLResponse(body, status, headers=HEADERS)


def not_found(office: Office, what: str, *, status: int = 404) -> HTMLResponse:
    """A page that says what is not there and where to go instead."""
    return render("missing.html", office, status=status, what=what)
