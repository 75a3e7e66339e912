from django.contrib import admin
from django.urls import path

from logbook import views

urlpatterns = [
    path("", views.index),
    path("entries", views.entries),
    path("health", views.health),
    path("admin/", admin.site.urls),
]
