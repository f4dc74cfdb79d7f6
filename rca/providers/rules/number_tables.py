"""What a number means to those who gave it out: HTTP, SQL Server, SQLSTATE, Oracle, SAP HANA, MySQL, gRPC. Tables only.

A row is a cause class and whether it may pass by itself; HTTP's have a weight besides.
"""

from __future__ import annotations

from typing import Final

from rca.providers.rules.signals import MEDIUM, OUTER, ROOT, STRONG, WRAPPER
from tickets.choices import CauseClass as C

HTTP: Final[dict[int, tuple[C, bool, int]]] = {
    400: (C.UNKNOWN, False, WRAPPER),
    401: (C.AUTHENTICATION_FAILURE, False, STRONG),
    403: (C.PERMISSION_DENIED, False, STRONG),
    404: (C.RESOURCE_NOT_FOUND, False, STRONG),
    405: (C.CONFIGURATION_ERROR, False, STRONG),
    407: (C.NETWORK_CONNECTIVITY, False, STRONG),
    408: (C.TIMEOUT, True, STRONG),
    409: (C.CONCURRENCY_CONFLICT, True, MEDIUM),
    410: (C.RESOURCE_NOT_FOUND, False, STRONG),
    412: (C.CONCURRENCY_CONFLICT, True, STRONG),
    413: (C.CAPACITY_OR_QUOTA, False, STRONG),
    415: (C.CONFIGURATION_ERROR, False, STRONG),
    422: (C.CONFIGURATION_ERROR, False, MEDIUM),
    423: (C.CONCURRENCY_CONFLICT, True, STRONG),
    429: (C.THROTTLING, True, ROOT),
    500: (C.UPSTREAM_SERVICE_OUTAGE, True, MEDIUM),
    501: (C.CONFIGURATION_ERROR, False, MEDIUM),
    502: (C.UPSTREAM_SERVICE_OUTAGE, True, OUTER),
    503: (C.UPSTREAM_SERVICE_OUTAGE, True, OUTER),
    504: (C.TIMEOUT, True, STRONG),
    507: (C.CAPACITY_OR_QUOTA, False, STRONG),
}


def _codes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


SQL_SERVER: Final[dict[int, tuple[C, bool]]] = {
    **dict.fromkeys(
        _codes(
            """102 105 156 170 201 137 8120 8144 319 195 4104 209 8145 1087 103 104 107 108 109 110 111
            119 127 128 130 132 134 141 145 147 154 155 157 164 178 180 189 191 349 512 3902 3903
            4145 8118 8121 8127 8146 8178 10700 40515 39004"""
        ),
        (C.SYNTAX_OR_CODE_ERROR, False),
    ),
    **dict.fromkeys(
        # Columns that the server fills itself (271 to 273, 544, 8101) and that were given a value belong here.
        _codes(
            """207 213 206 245 257 8114 8115 8152 2628 241 242 220 4815 529 13812 16561 2705 271 272
            273 544 8101 120 200 205 232 235 244 248 260 264 295 311 352 468 1919 2715 4506 4816
            4819 8116 8117 8155 8156 8159 8169 8180 11537 11538 15248"""
        ),
        (C.SCHEMA_OR_TYPE_MISMATCH, False),
    ),
    **dict.fromkeys(
        _codes("""208 2812 4060 911 15151 3701 4902 2702 1088 2706 2760 4701 7202 15007 15165 15225 15406"""),
        (C.RESOURCE_NOT_FOUND, False),
    ),
    **dict.fromkeys(
        (229, 230, 262, 297, 300, 916, 3704, 5011, 5120, 8189, 15247, 15517, 4834, 33009, 10314),
        (C.PERMISSION_DENIED, False),
    ),
    **dict.fromkeys(
        (18450, 18456, 18452, 18459, 18468, 18486, 18487, 18488, 18470, 33134, 17806, 40531, 40532),
        (C.AUTHENTICATION_FAILURE, False),
    ),
    **dict.fromkeys(
        (2627, 2601, 515, 547, 1505, 8134, 4864, 4863, 4865, 4866, 4867, 4879, 2786, 9400, 9402, 9420, 13609),
        (C.BAD_DATA, False),
    ),
    **dict.fromkeys(
        (40615, 47073, 40914, 53, 26, 10061, 10065, 11001, 11004, 17892), (C.NETWORK_CONNECTIVITY, False)
    ),
    **dict.fromkeys((10053, 10054, 64, 121, 233, 20, 10060), (C.NETWORK_CONNECTIVITY, True)),
    **dict.fromkeys(
        _codes("""40613 40197 40143 40540 40648 615 921 922 926 927 942 976 983 6005 17187 18401 18451"""),
        (C.UPSTREAM_SERVICE_OUTAGE, True),
    ),
    **dict.fromkeys((40501, 49919, 49920, 10928, 10929, 10936), (C.THROTTLING, True)),
    **dict.fromkeys((49918, 8651, 8645, 45168), (C.CAPACITY_OR_QUOTA, True)),
    **dict.fromkeys(
        (40544, 40549, 40550, 40551, 40552, 1105, 1132, 8623, 8631, 8632, 9002, 1101, 1204),
        (C.CAPACITY_OR_QUOTA, False),
    ),
    **dict.fromkeys((701, 802, 40553), (C.OUT_OF_MEMORY, False)),
    **dict.fromkeys(
        (1205, 1222, 3960, 3961, 41302, 41305, 41325, 3635, 3702, 924, 5061), (C.CONCURRENCY_CONFLICT, True)
    ),
    **dict.fromkeys((-2, 258, 8628), (C.TIMEOUT, True)),
    **dict.fromkeys((2714, 1750, 1779, 1801, 1913, 2759, 15023, 15025), (C.CONCURRENCY_CONFLICT, False)),
    **dict.fromkeys((4860, 4861, 12704), (C.MISSING_SOURCE_DATA, False)),
    **dict.fromkeys(
        (978, 1934, 3906, 15281, 15581, 105208, 33183, 40508, 40510), (C.CONFIGURATION_ERROR, False)
    ),
}
# By exact state first, then by its class (the first two characters); SQL standard, ODBC and Spark.
SQLSTATE: Final[dict[str, tuple[C, bool]]] = {
    "42501": (C.PERMISSION_DENIED, False),
    "42000": (C.SYNTAX_OR_CODE_ERROR, False),
    "42601": (C.SYNTAX_OR_CODE_ERROR, False),
    "42703": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42704": (C.RESOURCE_NOT_FOUND, False),
    "42P01": (C.RESOURCE_NOT_FOUND, False),
    "42S02": (C.RESOURCE_NOT_FOUND, False),
    "42S22": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42K03": (C.MISSING_SOURCE_DATA, False),
    "42K09": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42883": (C.SYNTAX_OR_CODE_ERROR, False),
    "42804": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "IM002": (C.MISSING_DEPENDENCY_OR_LIBRARY, False),
    "IM003": (C.MISSING_DEPENDENCY_OR_LIBRARY, False),
    "IM004": (C.MISSING_DEPENDENCY_OR_LIBRARY, False),
    "HYT00": (C.TIMEOUT, True),
    "HYT01": (C.TIMEOUT, True),
    "57014": (C.USER_CANCELLED, False),
    "57P01": (C.UPSTREAM_SERVICE_OUTAGE, True),
    "57P03": (C.UPSTREAM_SERVICE_OUTAGE, True),
    "51002": (C.CONFIGURATION_ERROR, False),
    "53300": (C.THROTTLING, True),
    "53200": (C.OUT_OF_MEMORY, False),
    "40P01": (C.CONCURRENCY_CONFLICT, True),
    "55P03": (C.CONCURRENCY_CONFLICT, True),
    "08001": (C.NETWORK_CONNECTIVITY, False),
    "08004": (C.NETWORK_CONNECTIVITY, False),
    "08": (C.NETWORK_CONNECTIVITY, True),
    "22": (C.BAD_DATA, False),
    "23": (C.BAD_DATA, False),
    "28": (C.AUTHENTICATION_FAILURE, False),
    "40": (C.CONCURRENCY_CONFLICT, True),
    "42": (C.SYNTAX_OR_CODE_ERROR, False),
    "53": (C.CAPACITY_OR_QUOTA, False),
    "54": (C.CAPACITY_OR_QUOTA, False),
    "2D": (C.CONCURRENCY_CONFLICT, True),
    "0A": (C.CONFIGURATION_ERROR, False),
    "42616": (C.CONFIGURATION_ERROR, False),
    "42K0I": (C.CONFIGURATION_ERROR, False),
    "42K05": (C.CONFIGURATION_ERROR, False),
    "42809": (C.CONFIGURATION_ERROR, False),
    "42822": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42825": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42826": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42846": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42KDE": (C.CONFIGURATION_ERROR, False),
    "42KD9": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "46110": (C.CONFIGURATION_ERROR, False),
    "58030": (C.UPSTREAM_SERVICE_OUTAGE, True),
    "08KD1": (C.THROTTLING, True),
    "0AKD0": (C.CONFIGURATION_ERROR, False),
    "21S01": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "2BP01": (C.CONCURRENCY_CONFLICT, False),
    "42602": (C.SYNTAX_OR_CODE_ERROR, False),
    "42702": (C.SYNTAX_OR_CODE_ERROR, False),
    "42710": (C.CONCURRENCY_CONFLICT, False),
    "42711": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42723": (C.CONCURRENCY_CONFLICT, False),
    "42802": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42818": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42P04": (C.CONCURRENCY_CONFLICT, False),
    "42P06": (C.CONCURRENCY_CONFLICT, False),
    "42P07": (C.CONCURRENCY_CONFLICT, False),
    "42K04": (C.CONCURRENCY_CONFLICT, False),
    "42K06": (C.CONFIGURATION_ERROR, False),
    "42K07": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42K01": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42K02": (C.MISSING_DEPENDENCY_OR_LIBRARY, False),
    "42KDG": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42KDJ": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "42S01": (C.CONCURRENCY_CONFLICT, False),
    "42S12": (C.RESOURCE_NOT_FOUND, False),
    "42S21": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "46103": (C.MISSING_DEPENDENCY_OR_LIBRARY, False),
    "46121": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "53100": (C.CAPACITY_OR_QUOTA, False),
    "57012": (C.CAPACITY_OR_QUOTA, True),
    "57033": (C.CONCURRENCY_CONFLICT, True),
    "HY008": (C.USER_CANCELLED, False),
    "HY001": (C.OUT_OF_MEMORY, False),
    "KD000": (C.SCHEMA_OR_TYPE_MISMATCH, False),
    "F0": (C.CONFIGURATION_ERROR, False),
    "XX": (C.UPSTREAM_SERVICE_OUTAGE, True),
    "21": (C.SYNTAX_OR_CODE_ERROR, False),
    "38": (C.SYNTAX_OR_CODE_ERROR, False),
    "39": (C.SYNTAX_OR_CODE_ERROR, False),
    "55": (C.CONFIGURATION_ERROR, False),
    "56": (C.CONFIGURATION_ERROR, False),
    "3D": (C.RESOURCE_NOT_FOUND, False),
    "3F": (C.RESOURCE_NOT_FOUND, False),
}
ORACLE: Final[dict[int, tuple[C, bool]]] = {
    **dict.fromkeys(
        (1004, 1005, 1017, 1040, 12631, 12638, 24542, 28000, 28001, 28002, 28003, 28273, 45150),
        (C.AUTHENTICATION_FAILURE, False),
    ),
    **dict.fromkeys(
        (990, 1031, 1045, 1720, 1950, 24247, 28009, 28115, 41900, 47401), (C.PERMISSION_DENIED, False)
    ),
    **dict.fromkeys(
        (12154, 12541, 12543, 12545, 12514, 12505, 12504, 12521, 12533, 12560, 28759, 28860, 28862, 29024),
        (C.NETWORK_CONNECTIVITY, False),
    ),
    **dict.fromkeys(
        (1012, 2396, 3113, 3114, 3135, 12152, 12537, 12547, 12549, 12569, 12570, 12571, 12583, 12592, 17002),
        (C.NETWORK_CONNECTIVITY, True),
    ),
    **dict.fromkeys((12170, 12535, 1013, 12606, 12609, 2049, 4021, 51), (C.TIMEOUT, True)),
    **dict.fromkeys(
        (942, 1432, 1435, 1917, 1918, 1919, 1924, 2019, 2289, 4043, 4080, 6564),
        (C.RESOURCE_NOT_FOUND, False),
    ),
    **dict.fromkeys(
        _codes(
            """900 901 902 903 905 906 907 908 909 910 911 917 918 920 921 922 923 924 925 926 928 933
            934 935 936 937 938 939 946 969 970 972 978 979 984 1006 1008 1027 1036 1427 1740 1747
            1756 1810 1821 6511 6530 6550 30483 30484"""
        ),
        (C.SYNTAX_OR_CODE_ERROR, False),
    ),
    **dict.fromkeys(
        _codes("""904 913 932 947 957 960 1401 1438 1439 1440 1441 1461 1471 1790 1789 12899 22835 22858"""),
        (C.SCHEMA_OR_TYPE_MISMATCH, False),
    ),
    **dict.fromkeys(
        _codes(
            """1 1400 1407 1426 1465 1476 1722 1830 1839 1840 1841 1843 1847 1848 1849 1850 1858 1861
            1863 1866 1873 1878 1898 2290 2291 2292 6502 14400 14402 29275 30926"""
        ),
        (C.BAD_DATA, False),
    ),
    **dict.fromkeys(
        (54, 60, 1002, 1555, 4020, 4061, 4068, 8176, 8177, 14552, 22924), (C.CONCURRENCY_CONFLICT, True)
    ),
    **dict.fromkeys((18, 19, 20, 2391, 12516, 12518, 12519, 12520), (C.CAPACITY_OR_QUOTA, True)),
    **dict.fromkeys(
        (257, 1536, 1628, 1631, 1632, 1650, 1652, 1653, 1654, 1658, 1659, 1688, 1691, 12953, 30036),
        (C.CAPACITY_OR_QUOTA, False),
    ),
    **dict.fromkeys((4030, 4031), (C.OUT_OF_MEMORY, False)),
    **dict.fromkeys(
        (600, 1033, 1034, 1035, 1089, 1090, 1109, 7445, 12526, 12527, 12528, 25408),
        (C.UPSTREAM_SERVICE_OUTAGE, True),
    ),
    # Client and server share no encryption, no protocol, no character set: settings of both sides.
    **dict.fromkeys(
        _codes(
            """1882 12578 12599 12618 12650 12660 12696 12699 17056 28040 28041 28365 28374 28547 65096"""
        ),
        (C.CONFIGURATION_ERROR, False),
    ),
    **dict.fromkeys((955, 2260, 2261, 2275), (C.CONCURRENCY_CONFLICT, False)),
}
# SAP HANA's own codes, as its drivers print them (`SAP DBTech JDBC: [258]: insufficient privilege`).
HANA: Final[dict[int, tuple[C, bool]]] = {
    **dict.fromkeys((10, 332, 414, 416), (C.AUTHENTICATION_FAILURE, False)),
    **dict.fromkeys((258,), (C.PERMISSION_DENIED, False)),
    **dict.fromkeys((259, 329, 362, 397), (C.RESOURCE_NOT_FOUND, False)),
    **dict.fromkeys((257, 263, 268, 276, 302, 305, 328), (C.SYNTAX_OR_CODE_ERROR, False)),
    **dict.fromkeys((260, 264, 266, 267, 269, 270), (C.SCHEMA_OR_TYPE_MISMATCH, False)),
    **dict.fromkeys((274, 287, 301, 303, 304, 314, 339, 461, 462), (C.BAD_DATA, False)),
    **dict.fromkeys((129, 131, 133, 138, 146), (C.CONCURRENCY_CONFLICT, True)),
    **dict.fromkeys((288, 289, 331, 386), (C.CONCURRENCY_CONFLICT, False)),
    **dict.fromkeys((4,), (C.OUT_OF_MEMORY, False)),
    **dict.fromkeys((613,), (C.TIMEOUT, True)),
    **dict.fromkeys((-10108, -10709, -10807, -813), (C.NETWORK_CONNECTIVITY, True)),
}
# MySQL's and MariaDB's, which come with their SQLSTATE or in the pair a Python client prints.
MYSQL: Final[dict[int, tuple[C, bool]]] = {
    **dict.fromkeys((1045, 1251, 1698, 1862, 3118), (C.AUTHENTICATION_FAILURE, False)),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370), (C.PERMISSION_DENIED, False)),
    **dict.fromkeys((1049, 1051, 1146, 1305), (C.RESOURCE_NOT_FOUND, False)),
    **dict.fromkeys((1054, 1060, 1136, 1264, 1406), (C.SCHEMA_OR_TYPE_MISMATCH, False)),
    **dict.fromkeys((1048, 1062, 1292, 1364, 1366, 1451, 1452), (C.BAD_DATA, False)),
    **dict.fromkeys((1052, 1055, 1064, 1111, 1149), (C.SYNTAX_OR_CODE_ERROR, False)),
    **dict.fromkeys((1205, 1213), (C.CONCURRENCY_CONFLICT, True)),
    **dict.fromkeys((1040, 1203, 1226), (C.THROTTLING, True)),
    **dict.fromkeys((1021, 1114, 1118, 1153), (C.CAPACITY_OR_QUOTA, False)),
    **dict.fromkeys((1037, 1038), (C.OUT_OF_MEMORY, False)),
    **dict.fromkeys((1130, 2002, 2003, 2005, 2026), (C.NETWORK_CONNECTIVITY, False)),
    **dict.fromkeys((1158, 1159, 1160, 1161, 2006, 2013, 2055), (C.NETWORK_CONNECTIVITY, True)),
    **dict.fromkeys((1290, 1419, 3159), (C.CONFIGURATION_ERROR, False)),
    **dict.fromkeys((3024,), (C.TIMEOUT, True)),
    **dict.fromkeys((1053,), (C.UPSTREAM_SERVICE_OUTAGE, True)),
    **dict.fromkeys((1050, 1007), (C.CONCURRENCY_CONFLICT, False)),
}
# gRPC status names as Go and Python clients print them (`rpc error: code = Unavailable`, `StatusCode.UNAVAILABLE`).
GRPC: Final[dict[str, tuple[C, bool]]] = {
    "unavailable": (C.UPSTREAM_SERVICE_OUTAGE, True),
    "internal": (C.UPSTREAM_SERVICE_OUTAGE, True),
    "dataloss": (C.UPSTREAM_SERVICE_OUTAGE, True),
    "deadlineexceeded": (C.TIMEOUT, True),
    "resourceexhausted": (C.CAPACITY_OR_QUOTA, True),
    "permissiondenied": (C.PERMISSION_DENIED, False),
    "unauthenticated": (C.AUTHENTICATION_FAILURE, False),
    "notfound": (C.RESOURCE_NOT_FOUND, False),
    "alreadyexists": (C.CONCURRENCY_CONFLICT, False),
    "aborted": (C.CONCURRENCY_CONFLICT, True),
    "invalidargument": (C.CONFIGURATION_ERROR, False),
    "failedprecondition": (C.CONFIGURATION_ERROR, False),
    "unimplemented": (C.CONFIGURATION_ERROR, False),
    "canceled": (C.USER_CANCELLED, False),
    "cancelled": (C.USER_CANCELLED, False),
}
