"""Which thing a text is about: how products write names, which of several is meant, and what is no name."""

from __future__ import annotations

import time

import pytest

from rca.providers.rules.entities import MAX_LENGTH, affected_entity
from rca.providers.rules.text import prepare

NAMED = {
    "missing_source_data": [
        ("The file /mnt/landing/crm/2026-03-01.csv was not found", "/mnt/landing/crm/2026-03-01.csv"),
        ("Blob 'in/day=7/part.avro' does not exist in container 'raw'", "in/day=7/part.avro"),
        ("ContainerNotFound: container 'landing' does not exist", "landing"),
        ('{"folderPath": "raw/sales/2026", "message": "no files matched"}', "raw/sales/2026"),
        ("File D:\\drop\\orders.txt is missing", "D:\\drop\\orders.txt"),
        ("Cannot find \\\\files01\\share\\in.xlsx on the server", "\\\\files01\\share\\in.xlsx"),
        ("[PATH_NOT_FOUND] Path does not exist: s3://bucket/a/b. SQLSTATE: 42K03", "s3://bucket/a/b"),
        ("gs://lake/raw/x/*.json matched no files", "gs://lake/raw/x/*.json"),
        ("Topic 'orders-v2' holds no data for the offset", "orders-v2"),
        ("Cannot fetch offset 7 (GroupId: g, TopicPartition: clicks-12)", "clicks-12"),
    ],
    "schema_or_type_mismatch": [
        ("Invalid column name 'Regon'.", "Regon"),
        ('column "cust_ref" of relation "orders" does not exist', "cust_ref"),
        ("Unknown column 'ordr' in 'field list'", "ordr"),
        ('ORA-00904: "S"."CUSTNO": invalid identifier', 'S"."CUSTNO'),
        ("No such column 'Amount__c' on entity 'Order__c'", "Amount__c"),
        ("Field created_at has incompatible types", "created_at"),
        ('The data type of "price_eur" column is not supported', "price_eur"),
        ('{"columnName": "birth_day", "expected": "date"}', "birth_day"),
        ("Column 'date' is missing in the source", "date"),
    ],
    "resource_not_found": [
        ("Invalid object name '[dbo].[FactSales]'.", "[dbo].[FactSales]"),
        ("[dbo].[FactSales] does not exist", "[dbo].[FactSales]"),
        ('ORA-00942: table or view "SALES"."ORDERS" does not exist', 'SALES"."ORDERS'),
        ("Table 'shop.orders' doesn't exist", "shop.orders"),
        ('relation "public.orders" does not exist', "public.orders"),
        ("[TABLE_OR_VIEW_NOT_FOUND] The table or view `main`.`gold`.`kpi` cannot be found.", "main.gold.kpi"),
        ("Table main.gold.kpi was dropped", "main.gold.kpi"),
        ("Pipeline 'pl_child' could not be found in factory 'adf-prod'", "pl_child"),
        ("ResourceNotFound: dataset 'ds_in' was not found", "ds_in"),
        ("Cluster 0312-101010-ab12cd34 does not exist", "0312-101010-ab12cd34"),
        ("Warehouse 8f3a1c2b4d5e6f70 does not exist", "8f3a1c2b4d5e6f70"),
        ("The specified queue 'jobs-in' does not exist", "jobs-in"),
        ("Secret 'sql-pw' was not found in key vault 'kv-prod'", "sql-pw"),
        ("Object 'STG.PUBLIC.ORDERS' does not exist or not authorized.", "STG.PUBLIC.ORDERS"),
        ("Principal data-eng does not exist", "data-eng"),
        ("Instance pool with id 0312-131313-hike1-pool-x1 does not exist.", "0312-131313-hike1-pool-x1"),
        ("Unknown database 'shop_eu'", "shop_eu"),
        ("Workspace path '/Shared/etl/load' was not found", "/Shared/etl/load"),
        ("Function module 'Z_READ_STOCK' not found", "Z_READ_STOCK"),
        ("The consumer group 'cg-etl' does not exist", "cg-etl"),
    ],
    "missing_dependency_or_library": [
        ("ModuleNotFoundError: No module named 'pyarrow.dataset'", "pyarrow.dataset"),
        ("Error: Cannot find module '@scope/lib'", "@scope/lib"),
        ("java.lang.ClassNotFoundException: com.acme.Loader", "com.acme.Loader"),
        ("java.lang.NoClassDefFoundError: com/acme/Util", "com/acme/Util"),
        ("Could not find artifact com.acme:etl-core:jar:1.2.0 in central", "com.acme:etl-core:jar:1.2.0"),
        ("acme-sdk 2.1 requires urllib3<2, but you have urllib3 2.2.1 which is incompatible.", "urllib3"),
        ("cannot import name 'helper' from 'acme.tools' (/usr/lib/acme/tools.py)", "acme.tools"),
        ("Missing optional dependency 'openpyxl'.", "openpyxl"),
        ("there is no package called 'sparklyr'", "sparklyr"),
        ('Could not load file or assembly "Acme.Core, Version=1.0.0.0"', "Acme.Core"),
        ("The 'Acme.OLEDB.12.0' provider is not registered on the local machine.", "Acme.OLEDB.12.0"),
        ("Unable to load libhdfs.so.0.0", "libhdfs.so.0.0"),
        ("wheel dist/etl-1.0-py3-none-any.whl is not a supported wheel", "dist/etl-1.0-py3-none-any.whl"),
        ("Visual Runtime Environment is not installed on the node", "Visual Runtime Environment"),
        ("the job requires Polars 1.4.0, found an older one", "Polars 1.4.0"),
    ],
    "network_connectivity": [
        ("Failed to connect to server 'sql-07.corp.example'", "sql-07.corp.example"),
        ("dial tcp: lookup lake.example.net on 10.0.0.2:53: no such host", "lake.example.net"),
        ("HTTPSConnectionPool(host='api.partner.example', port=443): Max retries", "api.partner.example"),
        ("jdbc:postgresql://pg.internal:5432/dw?user=x refused", "pg.internal:5432"),
        ("Could not connect to address=(host=meta.internal)(port=3306)", "meta.internal"),
        ("Connection refused: 10.4.5.6:9092", "10.4.5.6:9092"),
        ("The remote name could not be resolved: 'acme.blob.core.windows.net'", "acme.blob.core.windows.net"),
        ("Host sftp.partner.example is not reachable", "sftp.partner.example"),
    ],
    "permission_denied": [
        ("User 'eva' does not have SELECT on table 'main.gold.kpi'", "main.gold.kpi"),
        ("User does not have USE CATALOG on Catalog 'main'.", "main"),
        ("etl@corp.example does not have CAN_MANAGE on job 88123", "88123"),
        ("The managed identity has no get permission on key vault 'kv-prod'", "kv-prod"),
        ("EXECUTE permission was denied on the object 'usp_load', database 'dw', schema 'dbo'.", "usp_load"),
        (
            "Access denied on abfss://raw@lake.dfs.core.windows.net/x?sv=1&sig=abc",
            "abfss://raw@lake.dfs.core.windows.net/x",
        ),
        ("cannot read https://eva:hunter2@api.partner.example/v1", "https://api.partner.example/v1"),
        ("permission denied for table invoices", "invoices"),
        ("403 on external location 'ext_raw'", "ext_raw"),
    ],
    "authentication_failure": [
        ("Login failed for user 'loader'.", "loader"),
        ('FATAL: password authentication failed for user "etl"', "etl"),
        ("The token of linked service 'ls_databricks' has expired", "ls_databricks"),
        (
            "Application with identifier '0f0e0d0c-0b0a-4908-8706-050403020100' was not found in the directory",
            "0f0e0d0c-0b0a-4908-8706-050403020100",
        ),
    ],
    "configuration_error": [
        ("Cannot modify the value of a static config: spark.sql.warehouse.dir", "spark.sql.warehouse.dir"),
        ('The procedure "usp_merge" has no parameter named "@day".', "usp_merge"),
        ("App setting 'StorageConn' is missing", "StorageConn"),
        ("linkedServiceName: ls_sql is not valid", "ls_sql"),
        ("Integration runtime 'ir-onprem' does not support this connector", "ir-onprem"),
        ("Environment variable 'JAVA_HOME' is not set", "JAVA_HOME"),
        (
            "Init script /Volumes/ops/tools/init.sh failed: Script exit status is non-zero",
            "/Volumes/ops/tools/init.sh",
        ),
    ],
    "capacity_or_quota": [
        (
            "Cluster 0312-101010-ab12cd34 was terminated: exceeding approved standardEv3Family Cores quota",
            "standardEv3Family Cores",
        ),
        ("The requested size Standard_E16s_v5 is not available", "Standard_E16s_v5"),
        ("no capacity for r5d.4xlarge in this zone", "r5d.4xlarge"),
        ("The database 'dw' has reached its size quota.", "dw"),
    ],
    "timeout": [
        (
            'Get "https://adb-1.example.net/api/2.0/jobs/get?job_id=7": context deadline exceeded',
            "https://adb-1.example.net/api/2.0/jobs/get",
        ),
        ("session lock expired; source(address:/orders-in,filter:[x])", "orders-in"),
        ("Timeout value of 00:05:00 exceeded by function 'Functions.Nightly'", "Functions.Nightly"),
    ],
    "cluster_infrastructure_failure": [
        ("Command failed because warehouse {warehouse} was stopped.", "{warehouse}"),
        ("instance pool 'pool-etl' has no idle instances", "pool-etl"),
        ("the self-hosted integration runtime 'shir01' is offline", "shir01"),
    ],
    "upstream_service_outage": [
        ("The Salesforce server is unavailable, try later", "Salesforce server"),
        ("POST /api/2.1/jobs/run-now HTTP/2.0 500 Internal Server Error", "/api/2.1/jobs/run-now"),
    ],
    "concurrency_conflict": [
        ("Table sales.orders is locked by another transaction", "sales.orders"),
        ("the blob 'out/x.csv' is leased", "out/x.csv"),
        ("An active update 8f2 already exists for pipeline 'dlt_day'", "dlt_day"),
    ],
    "bad_data": [
        ("Cannot insert duplicate key in object 'dbo.Product'.", "dbo.Product"),
        ("CHECK constraint qty_positive (qty > 0) violated by row", "qty_positive"),
        ("Bad data is found at line 3 in source prices.csv.", "prices.csv"),
    ],
    "unknown": [
        ('{"errorCode": "1", "message": "failed", "target": "CallPartner"}', "CallPartner"),
        ("Operation on target LoadDay failed: ", "LoadDay"),
    ],
}
NAMELESS = [
    "org.apache.spark.SparkException: Job aborted due to stage failure",
    "org.apache.hadoop.fs.azure.AzureException: not permitted",
    "databricks.sql.exc.ServerOperationError: [UNSUPPORTED_FEATURE] not here",
    "java.sql.SQLException: Communication link failure",
    "The storage account used for the trigger is locked.",
    "we cannot access the container you provided",
    "Library installation failed for library due to user error.",
    "Learn more: https://aka.ms/some-help or https://docs.vendor.example/page",
    'File "/databricks/python/lib/python3.10/site-packages/x/y.py", line 3',
    "activity id 0f0e0d0c-0b0a-4908-8706-050403020100, request 7",
    "Failure happened on 'Sink' side. Type 'String' to 'Int32'",
    "Login failed for user '<token-identified principal>'",
    "Login failed for user 'NT AUTHORITY\\ANONYMOUS LOGON'",
    "Query failed because of a topology change or compute container failure",
    "If the 64-bit driver is not installed, run the package in 32-bit mode",
    "Azure Functions Runtime is unreachable",
    "please run 'az login' to set up the account",
    "[Errno 111] Connection refused",
    "Cannot connect to 'SQL Server'. Detail Message: 'Logon failed'",
    "Expecting value: line 1 column 1 (char 0)",
    "Set a location (for example 'CREATE CATALOG myCatalog')",
    "does not have authorization to perform action 'Microsoft.Sql/servers/read'",
    "the database operation failed; the pipeline expression cannot be evaluated",
    "",
]


@pytest.mark.parametrize(
    ("cause", "text", "entity"), [(cause, *row) for cause, rows in NAMED.items() for row in rows]
)
def test_thing_complained_of_is_named(cause: str, text: str, entity: str) -> None:
    assert affected_entity(prepare(text).raw, cause) == entity


@pytest.mark.parametrize("text", NAMELESS)
@pytest.mark.parametrize("cause", ["unknown", "configuration_error", "network_connectivity"])
def test_word_type_status_or_help_page_is_no_name(text: str, cause: str) -> None:
    assert affected_entity(prepare(text).raw, cause) == ""


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET https://lake.blob.core.windows.net/c/x.csv?sv=2022&sig=Ab%2Fcd was refused", "sig="),
        ("cannot read /raw/x.csv?sv=2022-11-02&sig=QWJjZGVm", "QWJjZGVm"),
        ("cannot reach https://eva:hunter2@api.partner.example/v1", "hunter2"),
        ("jdbc:sqlserver://sql01.corp;user=eva;password=hunter2 refused", "hunter2"),
        ("Invalid client secret 'Abc8Q~Zk3jTq9LmX1nVw0pRs7uYb5cDe2fGhI' for app", "Abc8Q~"),
        ("connection string 'AccountName=lake;AccountKey=QUJDREVGR0g=;' is wrong", "QUJD"),
        ("secret: hunter2hunter2", "hunter2"),
        ("cannot read the path '/raw/in;password=hunter2hunter2'", "hunter2"),
        ("The key 'dapi0123456789abcdef0123456789abcdef' is not valid", "dapi"),
    ],
)
@pytest.mark.parametrize(
    "cause", ["authentication_failure", "permission_denied", "network_connectivity", "unknown"]
)
def test_secret_is_never_part_of_a_name(text: str, secret: str, cause: str) -> None:
    assert secret not in affected_entity(prepare(text).raw, cause)


@pytest.mark.parametrize(
    ("text", "cause", "entity"),
    [
        ("Column 'a' of table 'dbo.T' is missing; column 'b' is fine", "schema_or_type_mismatch", "a"),
        ("Server 'sql01' answered: table 'dbo.T' does not exist", "resource_not_found", "dbo.T"),
        ("Table 'x1' was read; table 'x2' does not exist", "resource_not_found", "x2"),
        ("The linked service 'ls_a' referenced by dataset 'ds_b' does not exist", "configuration_error", "ls_a"),
        ("Failed to merge fields 'a1' and 'a1'. Failed to merge fields 'a2' and 'a2'. Failed to merge "
         "incompatible data types", "schema_or_type_mismatch", "a2"),
        ("model stg (models/stg.py) 1 import os\n----> 2 from acme_lib import x", "missing_dependency_or_library",
         "acme_lib"),
        ("Dataset 'ds_in' failed with message 'Linked service LsLake_Raw not found.'", "resource_not_found",
         "LsLake_Raw"),
        ("The gateway 'gw-07' under data factory 'adf-eu' does not exist", "resource_not_found", "gw-07"),
        ("Resource 'Acme.Data/stores/s1' in resource group 'rg-eu' was not found", "resource_not_found",
         "Acme.Data/stores/s1"),
        ("cannot create share: User does not have CREATE SHARE on Metastore 'ms_eu'.\n with databricks_share.eu,\n"
         ' on m.tf line 3, in resource "databricks_share" "eu"', "permission_denied", "ms_eu"),
        ('Cannot open database "dw_eu" requested by the login. Login failed for user \'svc_etl\'.',
         "authentication_failure", "dw_eu"),
        ("Cannot insert the value NULL into column 'due_day', table 'dw.dbo.Bill'", "bad_data", "due_day"),
        ("Please set spark.acme.rows to a higher value. Table ID: 0f0e0d0c-0b0a-4908-8706-050403020100 is too wide",
         "configuration_error", "0f0e0d0c-0b0a-4908-8706-050403020100"),
    ],
)  # fmt: skip
def test_of_several_things_the_one_complained_of_is_named(text: str, cause: str, entity: str) -> None:
    assert affected_entity(prepare(text).raw, cause) == entity


HOSTILE = [
    "please set a ", "x ID: 1", "User does not have A on B 'c' ", "'a' under b 'c' does not exist ", "a_b.c: ",
    "module.a.", "in table a ", "{id=a} ", "C:\\n", "no such ", "<a b> ", "at a.b(c)",
    "table ", "column '", "key=", "path: /a", "a.", "'x' ", '"', "[", "=", "https://", "-> ", "with name ", "A_B.",
    "/api/", "1.1.1.", "[plugins.a", "The Xx ", "of table 'x' ", "invalid ", "required by /a/", "<>.",
    "abc.core.windows.net", "fields 'a' and 'b'. ", "com.x:", "not found ", "server: {",
]  # fmt: skip


@pytest.mark.parametrize("seed", HOSTILE)
def test_hostile_text_costs_bounded_time(seed: str) -> None:
    text = (seed * 12_000)[:12_000]
    started = time.process_time()

    names = [affected_entity(text, cause) for cause in ("unknown", "missing_dependency_or_library")]

    assert time.process_time() - started < 1.0
    assert all(len(name) <= MAX_LENGTH for name in names)
