"""mssql-django's backend, with the errors that Azure SQL means to be tried again told apart from the others."""
