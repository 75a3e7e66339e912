import json

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from .models import Entry
from .tasks import count_words


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "logbook/index.html", {"entries": Entry.objects.order_by("-id")[:50]})


@csrf_exempt
@require_http_methods(["GET", "POST"])
def entries(request: HttpRequest) -> JsonResponse:
    if request.method == "GET":
        return JsonResponse({"entries": list(Entry.objects.order_by("id").values("id", "text", "words")[:100])})
    text = text_of(request.body)
    if text is None:
        return JsonResponse({"error": "invalid", "message": "text must be 1 to 1000 letters"}, status=400)
    entry = Entry.objects.create(text=text)
    # Not before the entry can be seen by others.
    transaction.on_commit(lambda: count_words.delay(entry.pk))
    return JsonResponse({"id": entry.pk, "text": entry.text}, status=201)


def text_of(body: bytes) -> str | None:
    try:
        text = json.loads(body).get("text")
    except (ValueError, AttributeError):
        return None
    return text.strip() if isinstance(text, str) and 1 <= len(text.strip()) <= 1000 else None


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unhealthy", "version": settings.RELEASE}, status=503)
    return JsonResponse({"status": "healthy", "version": settings.RELEASE})
