"""The four roles as groups. Their rights are decided by role (`accounts.roles`); the groups carry the names."""

from django.db import migrations

ROLES = ("viewer", "analyst", "approver", "admin")


def create_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
