"""Single sign-on by OpenID Connect: `provider` speaks with the issuer, `people` decides who it is here."""
