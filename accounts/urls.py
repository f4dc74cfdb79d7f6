from __future__ import annotations

from django.urls import path, re_path

from accounts import emergency
from accounts.pages import LoginPage, LogoutPage, RegisterPage, console_login, front_page
from accounts.sso.pages import back, begin

urlpatterns = [
    path("", front_page, name="front"),
    re_path(r"^login/?$", LoginPage.as_view(), name="login"),
    re_path(r"^logout/?$", LogoutPage.as_view(), name="logout"),
    re_path(r"^register/?$", RegisterPage.as_view(), name="register"),
    path("sso/login", begin, name="sso-login"),
    path("sso/back", back, name="sso-back"),
    path("emergency/<str:token>", emergency.page, name="emergency"),
    path("admin/login/", console_login),  # before the console's own
]
